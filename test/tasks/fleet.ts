import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import type { LockServer } from './lock-server.ts'
import { MemberProcess, type FencedWrite } from './member-process.ts'
import { isRunLine, readLines, type TaskLine } from './task-line.ts'
import type { TaskPlan } from './task-plan.ts'
import { judge, runsOf, type Evidence, type Run, type Verdict } from './verdict.ts'

/** How long it may take until something is seen that is sure to come. */
const PATIENCE_MS = 120_000
const LOOK_EVERY_MS = 100

/** Servers that share locks, and one file in which all of their runs write. */
export class Fleet implements AsyncDisposable {
  /** When servers were killed, by process id. */
  readonly killedAt = new Map<number, number>()
  readonly #locks: LockServer
  readonly #onWrite: ((write: FencedWrite) => void) | undefined
  readonly #folder = temporaryFolder()
  readonly #file = this.#folder.file('lines.jsonl')
  readonly #members: MemberProcess[] = []

  constructor(locks: LockServer, onWrite?: (write: FencedWrite) => void) {
    this.#locks = locks
    this.#onWrite = onWrite
    writeFileSync(this.#file, '')
  }

  get alive(): readonly MemberProcess[] {
    return this.#members.filter((member) => !member.hasEnded)
  }

  /** Starts a server; resolves when it has started. */
  async start(tasks: readonly TaskPlan[], skewMs = 0): Promise<MemberProcess> {
    const { kind, address } = this.#locks
    const member = new MemberProcess({ kind, address, file: this.#file, skewMs, tasks }, this.#onWrite)
    this.#members.push(member)
    await member.started()
    return member
  }

  /** Kills a server; resolves when nothing of it runs any more. */
  async kill(member: MemberProcess): Promise<void> {
    await member.kill()
    this.killedAt.set(member.pid, Date.now())
  }

  /** Ends all servers in order. */
  async stop(): Promise<void> {
    await Promise.all(this.alive.map((member) => member.stop()))
  }

  lines(): TaskLine[] {
    return readLines(this.#file)
  }

  /** Of one task, or all. */
  runs(task?: string): readonly Run[] {
    const runs = runsOf(this.lines(), this.killedAt)
    return task === undefined ? runs : runs.filter((run) => run.task === task)
  }

  /** Waits for a run. */
  async until(what: string, matches: (run: Run) => boolean): Promise<Run> {
    return this.wait(what, () => this.runs().find(matches))
  }

  /** Looks at the lines until something is there, and not so often that the servers get no processor. */
  async wait<T>(what: string, look: () => T | undefined | false): Promise<T> {
    const lookAfterPause = async () => {
      await sleep(LOOK_EVERY_MS)
      return look()
    }
    return until(what, lookAfterPause, PATIENCE_MS)
  }

  /** Judges what was written, and fails with all that is known when there is a fault. */
  judge(evidence: Omit<Evidence, 'lines' | 'killedAt'>): Verdict {
    const lines = this.lines()
    const verdict = judge({ ...evidence, lines, killedAt: this.killedAt })
    if (verdict.problems.length === 0) return verdict
    const others = lines.filter((line) => !isRunLine(line)).map((line) => JSON.stringify(line))
    expect.fail([...verdict.problems, JSON.stringify(verdict.counts), ...others].join('\n'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map((member) => member.kill()))
    this.#folder[Symbol.dispose]()
  }
}
