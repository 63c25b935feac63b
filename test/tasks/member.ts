/**
 * One server of a test: runs its tasks until it is killed or told to stop. What runs do is written to a file that all
 * servers share, line by line and synchronously, so that a SIGKILL loses nothing of it.
 *
 *     fork('member.ts', [<MemberSettings as JSON>])
 */
import { appendFileSync, openSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { Tasks } from '../../src/carillon/tasks.ts'
import type { TaskContext } from '../../src/task/fluent/task.ts'
import type { FromMember, MemberSettings, ToMember } from './member-process.ts'
import { openLocks } from './open-locks.ts'
import { SkewedClock } from './skewed-clock.ts'
import type { TaskLine } from './task-line.ts'
import { lockOf, type TaskPlan } from './task-plan.ts'

const settings = JSON.parse(process.argv[2]!) as MemberSettings
const { kind, address, skewMs } = settings
const { pid } = process

type Line<T> = T extends unknown ? Omit<T, 'pid' | 'at' | 'skewMs'> : never

const file = openSync(settings.file, 'a')
const write = (line: Line<TaskLine>) =>
  appendFileSync(file, `${JSON.stringify({ ...line, pid, skewMs, at: Date.now() })}\n`)
const tell = (message: FromMember) => process.send!(message)

const locks = await openLocks(kind, address)
const told = new EventTarget()

async function run({ name, work }: TaskPlan, { nominalAt, token, signal }: TaskContext): Promise<void> {
  const lock = locks.granted(lockOf(name))
  const base = { task: name, nominalAt: nominalAt.getTime(), token }
  write({ event: 'begin', ...base, expiresAt: lock?.token === token ? lock?.expiresAt : undefined })
  try {
    if (work === 'told') {
      tell({ kind: 'write', task: name, token: token! })
      await once(told, name, { signal })
      tell({ kind: 'write', task: name, token: token! })
    } else await sleep(work, undefined, { signal })
  } catch (error) {
    write({ event: 'abort', ...base })
    throw error
  }
  write({ event: 'end', ...base })
}

const complain = (fields: object, message: string) =>
  write({ event: 'log', message: `${message} ${inspect(fields, { depth: 3, breakLength: Infinity })}` })

const tasks = await Tasks.open({
  locks,
  clock: new SkewedClock(skewMs),
  logger: { info: () => {}, warn: complain, error: complain },
  tasks: {
    lockLog: 'verbose',
    schedule(schedule) {
      for (const plan of settings.tasks) {
        const task = schedule
          .call((context) => run(plan, context))
          .name(plan.name)
          .cron(plan.cron)
        // Under its own name, so that the test can look at it.
        if (plan.overlap !== undefined) task.lockName(plan.name).withoutOverlapping(plan.overlap)
        if (plan.onOneServer === true) task.onOneServer()
      }
    },
  },
})

process.on('message', (message: ToMember) => {
  if (message.kind === 'end') told.dispatchEvent(new Event(message.task))
  else void stop()
})
// The test is gone.
process.once('disconnect', () => process.exit(1))

async function stop(): Promise<void> {
  write({ event: 'stop' })
  await tasks.stop()
  await locks[Symbol.asyncDispose]()
  process.exit(0)
}

const TICK_MS = 100
const STALL_MS = 500
let tickedAt = Date.now()
setInterval(() => {
  const from = tickedAt
  tickedAt = Date.now()
  if (tickedAt > from + STALL_MS) write({ event: 'stall', from })
}, TICK_MS)

tasks.start()
write({ event: 'start' })
tell({ kind: 'started' })
