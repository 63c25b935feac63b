import { describe, expect, it } from 'vitest'
import { DriverError, LeaseLostError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { LockStore } from './lock-store.ts'
import { MemoryLocks } from './memory/memory-locks.ts'
import { DEFAULT_OVERLAP_RULE, OverlapGuard, type LockLogLevel, type OverlapRule } from './overlap-guard.ts'

const NAME = 'report'

/** Servers that share locks, and what they log. */
class Servers {
  readonly clock = new ManualClock('2026-06-01T10:00:00Z')
  readonly locks: LockStore = new MemoryLocks(this.clock)
  readonly lines: string[] = []

  guard(logLevel: LockLogLevel = 'none', locks = this.locks): OverlapGuard {
    const line = (level: string) => (_: object, message: string) =>
      void this.lines.push(`${level} ${message}`)
    const logger: Logger = { info: line('info'), warn: line('warn'), error: line('error') }
    return new OverlapGuard({ locks, clock: this.clock, logger, logLevel })
  }

  /** A run that goes on until it is told to end. */
  startLong(guard: OverlapGuard, rule: Partial<OverlapRule> = {}) {
    const end = Promise.withResolvers<void>()
    const started = Promise.withResolvers<AbortSignal>()
    const done = guard.run(NAME, { ...DEFAULT_OVERLAP_RULE, ...rule }, async (_, signal) => {
      started.resolve(signal)
      await end.promise
    })
    return { started: started.promise, end: () => end.resolve(), done }
  }
}

const quick = (guard: OverlapGuard, rule: Partial<OverlapRule> = {}) =>
  guard.run(NAME, { ...DEFAULT_OVERLAP_RULE, ...rule }, async ({ token }) => token)

describe('a run under a lock', () => {
  it('keeps every other server from running, and for 10 seconds after its end', async () => {
    const servers = new Servers()
    const [one, two] = [servers.guard(), servers.guard()]
    const run = servers.startLong(one)
    await run.started
    expect(await quick(two)).toMatchObject({ kind: 'held' })
    await servers.clock.advance('50s')
    expect(await quick(two)).toMatchObject({ kind: 'held' })
    run.end()
    expect(await run.done).toEqual({ kind: 'ran', value: undefined })

    await servers.clock.advance('9999ms')
    expect(await quick(two)).toMatchObject({ kind: 'held' })
    await servers.clock.advance('1ms')
    expect(await quick(two)).toMatchObject({ kind: 'ran' })
  })

  it('does not begin again on its own server either', async () => {
    const servers = new Servers()
    const guard = servers.guard()
    const run = servers.startLong(guard)
    await run.started
    expect(await quick(guard)).toMatchObject({ kind: 'held' })
    run.end()
    await run.done
  })

  it('keeps the break also when it fails, and its error comes through', async () => {
    const servers = new Servers()
    const [one, two] = [servers.guard(), servers.guard()]
    const failing = one.run(NAME, DEFAULT_OVERLAP_RULE, async () => {
      throw new Error('no paper')
    })
    await expect(failing).rejects.toThrow('no paper')
    await servers.clock.advance('9s')
    expect(await quick(two)).toMatchObject({ kind: 'held' })
    await servers.clock.advance('1s')
    expect(await quick(two)).toMatchObject({ kind: 'ran' })
  })

  it('leaves no break behind when none is asked for', async () => {
    const servers = new Servers()
    await quick(servers.guard(), { minimumBreakMs: 0 })
    expect(await servers.locks.inspect(NAME)).toBeUndefined()
  })

  it('loses its lock after an hour, and does not touch it from then on', async () => {
    const servers = new Servers()
    const [one, two] = [servers.guard('verbose'), servers.guard()]
    const run = servers.startLong(one)
    await run.started
    await servers.clock.advance('59m59s')
    expect(await quick(two)).toMatchObject({ kind: 'held' })
    await servers.clock.advance('1s')
    const next = servers.startLong(two)
    await next.started
    const held = await servers.locks.inspect(NAME)

    run.end()
    await run.done
    expect(await servers.locks.inspect(NAME)).toEqual(held)
    expect(servers.lines.at(-1)).toBe('warn a run took longer than its lock, which had ended')
    next.end()
    await next.done
  })

  it('has a token that rises with each run', async () => {
    const servers = new Servers()
    const tokens: unknown[] = []
    for (let i = 0; i < 3; i++) {
      const run = await quick(servers.guard())
      tokens.push(run.kind === 'ran' && run.value)
      await servers.clock.advance('10s')
    }
    expect(tokens).toEqual([1, 2, 3])
  })
})

describe('a renewed lock', () => {
  const RENEWED = { renew: true, expiresAfterMs: 60_000 }

  it('is held for as long as the run goes on', async () => {
    const servers = new Servers()
    const [one, two] = [servers.guard(), servers.guard()]
    const run = servers.startLong(one, RENEWED)
    const signal = await run.started
    await servers.clock.advance('1h')
    expect(await quick(two)).toMatchObject({ kind: 'held' })
    expect(signal.aborted).toBe(false)
    run.end()
    await run.done
    expect(servers.clock.pending).toEqual([])
  })

  it('aborts the run when somebody has freed it', async () => {
    const servers = new Servers()
    const run = servers.startLong(servers.guard(), RENEWED)
    const signal = await run.started
    await servers.locks.forceRelease(NAME)
    await servers.clock.advance('20s')
    expect(signal.reason).toBeInstanceOf(LeaseLostError)
    run.end()
    await run.done
  })

  it('aborts the run when it could not be extended until its end', async () => {
    const servers = new Servers()
    const locks = new MemoryLocks(servers.clock)
    locks.extend = async () => {
      throw new DriverError('no answer', { retryable: true })
    }
    const run = servers.startLong(servers.guard('none', locks), RENEWED)
    const signal = await run.started
    await servers.clock.advance('59s')
    expect(signal.aborted).toBe(false)
    await servers.clock.advance('1s')
    expect(signal.reason).toBeInstanceOf(LeaseLostError)
    run.end()
    await run.done
  })
})

describe('the log of locks', () => {
  async function linesAt(level: LockLogLevel): Promise<string[]> {
    const servers = new Servers()
    const [one, two] = [servers.guard(level), servers.guard(level)]
    const run = servers.startLong(one)
    await run.started
    await servers.clock.advance('9m59s')
    await quick(two)
    await servers.clock.advance('1s')
    await quick(two)
    run.end()
    await run.done
    return servers.lines
  }
  const abandoned = 'warn a lock has been held for 10m: its run is slow, or was abandoned'
  const conflict = 'info a lock is held: nothing runs'

  it.each<[LockLogLevel, string[]]>([
    ['none', []],
    ['abandoned', [abandoned]],
    ['conflicts', [conflict, abandoned]],
    ['verbose', ['info a lock was taken', conflict, abandoned, 'info a lock was given back']],
  ])('at %s', async (level, lines) => {
    expect(await linesAt(level)).toEqual(lines)
  })
})

describe('locks that cannot be asked', () => {
  it('let nothing run, and are told of once a minute', async () => {
    const servers = new Servers()
    const locks = new MemoryLocks(servers.clock)
    const down = new DriverError('connection refused', { retryable: true })
    locks.acquire = async () => {
      throw down
    }
    const guard = servers.guard('none', locks)
    const message = 'error the locks cannot be asked: nothing runs that needs one'
    for (let second = 0; second < 60; second++) {
      expect(await quick(guard)).toEqual({ kind: 'unavailable', error: down })
      await servers.clock.advance('1s')
    }
    expect(servers.lines).toEqual([message])
    await quick(guard)
    expect(servers.lines).toEqual([message, message])
  })

  it('do not turn a run that ended into one that failed', async () => {
    const servers = new Servers()
    const locks = new MemoryLocks(servers.clock)
    locks.extend = async () => {
      throw new Error('connection reset')
    }
    expect(await quick(servers.guard('none', locks))).toEqual({ kind: 'ran', value: 1 })
    expect(servers.lines).toEqual(['error a lock could not be given back: it ends by itself in 1h'])
  })
})
