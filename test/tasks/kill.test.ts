import { it } from 'vitest'
import { until } from '../support/until.ts'
import { FencedRegister } from './fenced-register.ts'
import { Fleet } from './fleet.ts'
import { chosenKinds, startLockServer } from './lock-server.ts'
import { openLocks, type LockKind } from './open-locks.ts'
import { lockOf, type TaskPlan } from './task-plan.ts'

const KINDS: readonly LockKind[] = chosenKinds(['redis', 'memcached', 'postgres', 'mysql', 'sqlite'])
/** Memcached counts in seconds. */
const EXPIRES_MS = 3_000
/** Longer than any of these tests takes. */
const LONG_MS = 600_000
const TOLERANCE_MS = 5

/** Tasks that go on until they are told to end: one whose lock lasts as it was taken, one that extends it. */
function tasks(expiresAfter: number): TaskPlan[] {
  const task = { cron: '* * * * * *', work: 'told' } as const
  return [
    { ...task, name: 'plain', overlap: { expiresAfter, minimumBreak: 1_000 } },
    { ...task, name: 'renewed', overlap: { expiresAfter, minimumBreak: 1_000, renew: true } },
  ]
}

it.concurrent.for(KINDS)(
  'begins what a killed server was at when its lock has expired, and not before: %s',
  { timeout: 300_000 },
  async (kind, { expect }) => {
    await using server = await startLockServer(kind)
    await using locks = await openLocks(kind, server.address)
    await using fleet = new Fleet(server)
    const holder = await fleet.start(tasks(2 * EXPIRES_MS))
    await fleet.until('a server is at the plain task', ({ task }) => task === 'plain')
    await fleet.until('a server is at the renewed task', ({ task }) => task === 'renewed')
    await fleet.kill(holder)
    const left = await Promise.all(['plain', 'renewed'].map((name) => locks.inspect(lockOf(name))))
    await Promise.all([fleet.start(tasks(LONG_MS)), fleet.start(tasks(LONG_MS))])

    for (const [i, name] of ['plain', 'renewed'].entries()) {
      const { expiresAt, token } = left[i]!
      const next = await fleet.until(
        `another server is at the task ${name}`,
        (run) => run.task === name && run.pid !== holder.pid,
      )
      expect(next.at + TOLERANCE_MS, 'not before the lock has expired').toBeGreaterThanOrEqual(expiresAt)
      expect(next.token).toBeGreaterThan(token)
    }
    fleet.judge({ tasks: tasks(LONG_MS) })
  },
)

it.concurrent.for(KINDS)(
  'leaves the lock of the next alone when a server was frozen for longer than its own, and can tell its writes: %s',
  { timeout: 300_000 },
  async (kind, { expect }) => {
    const registers = new Map(['plain', 'renewed'].map((name) => [name, new FencedRegister()]))
    await using server = await startLockServer(kind)
    await using locks = await openLocks(kind, server.address)
    await using fleet = new Fleet(server, ({ task, token }) => void registers.get(task)!.write(token))
    const frozen = await fleet.start(tasks(EXPIRES_MS))
    const isRunOf = (name: string) =>
      fleet.until(`a server is at the task ${name}`, ({ task }) => task === name)
    const [plain, renewed] = [await isRunOf('plain'), await isRunOf('renewed')]
    frozen.freeze()

    const other = await fleet.start(tasks(LONG_MS))
    const isNext = (name: string) =>
      fleet.until(
        `the other server is at the task ${name}`,
        ({ task, pid }) => task === name && pid === other.pid,
      )
    const next = [await isNext('plain'), await isNext('renewed')]
    for (const { task, token } of next) {
      await until('its first write has arrived', () => registers.get(task)!.highest === token)
    }
    const held = await Promise.all(next.map(({ task }) => locks.inspect(lockOf(task))))
    expect(held.map((lock) => lock?.token)).toEqual(next.map(({ token }) => token))

    frozen.thaw()
    frozen.end('plain')
    await fleet.until('the run ends late', (run) => run.token === plain.token && run.endAt !== undefined)
    await fleet.wait('it has tried to give its lock back', () =>
      fleet
        .lines()
        .some((line) => line.event === 'log' && line.message!.includes('took longer than its lock')),
    )
    // A renewed one notices by itself.
    await fleet.wait('the run that lost its lock is aborted', () =>
      fleet
        .lines()
        .some((line) => line.event === 'abort' && line.pid === frozen.pid && line.task === 'renewed'),
    )
    expect(registers.get('plain')!.refused, 'the write at the end of the late run').toEqual([plain.token])
    expect(registers.get('renewed')!.refused).toEqual([])
    expect(renewed.token).toBeLessThan(registers.get('renewed')!.highest)

    const after = await Promise.all(next.map(({ task }) => locks.inspect(lockOf(task))))
    expect(after[0], 'the same lock, owner, token and end').toEqual(held[0])
    expect(after[1], 'extended by its holder at most').toMatchObject({
      owner: held[1]!.owner,
      token: held[1]!.token,
    })
    other.end('plain')
    other.end('renewed')
    await fleet.until('the other run ends', (run) => run.token === next[0]!.token && run.endAt !== undefined)
    expect(fleet.judge({ tasks: tasks(LONG_MS) }).counts.overlaps).toBe(0)
  },
)
