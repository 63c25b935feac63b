import type { Logger } from '../../logger.ts'
import type { PolicyInput } from '../../schedule/schedule-input.ts'
import type { TaskTiming } from './timetable.ts'

/** What the function of a task is given. */
export interface TaskContext {
  /** The name of the task. */
  readonly task: string
  /** The instant that its frequency names. */
  readonly nominalAt: Date
  /** Aborted when the run takes too long, loses its lock, or the server stops; `signal.reason` says which. */
  readonly signal: AbortSignal
  /** The fencing token of the task's lock, which rises from run to run; `undefined` without `withoutOverlapping`. */
  readonly token: number | undefined
  /** Writes lines that carry the name of the task. */
  readonly log: Logger
}

/** What a hook is told of a run. */
export interface TaskEvent {
  readonly task: string
  readonly nominalAt: Date
  /** How it ended; `undefined` before it has. */
  readonly outcome: 'succeeded' | 'failed' | undefined
  /** What it failed with. */
  readonly error: unknown
  /** What a command printed, or a function returned as text: the end of it, if it was long. */
  readonly output: string
  /** How long it took, in milliseconds. */
  readonly tookMs: number
}

/** Called around a run. What it throws is logged and changes nothing. */
export type TaskHook = (event: TaskEvent) => unknown

/** Decides at the last moment whether a run takes place. One that throws keeps it from taking place. */
export type TaskPredicate = () => boolean | Promise<boolean>

export interface TaskCommand {
  readonly program: string
  readonly args?: readonly string[]
  /** Whether `program` is a command line for `/bin/sh`. */
  readonly shell?: boolean
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** What a task does. */
export type TaskWork =
  | { readonly kind: 'call'; readonly run: (context: TaskContext) => unknown }
  | { readonly kind: 'command'; readonly command: TaskCommand }
  | {
      readonly kind: 'job'
      readonly job: string
      readonly payload: unknown
      readonly queue: string | undefined
    }

/** Where output goes, once the run has ended. */
export type TaskOutput =
  | { readonly kind: 'file'; readonly file: string; readonly appends: boolean }
  | { readonly kind: 'mail'; readonly to: readonly string[]; readonly when: 'always' | 'written' | 'failed' }

/** How long the lock of a task is held. */
export interface TaskOverlap {
  readonly lockName: string
  readonly expiresAfterMs: number
  readonly minimumBreakMs: number
  readonly renew: boolean
}

/** What may be said of one task or of a whole group. */
export interface TaskTraits {
  readonly description: string | undefined
  readonly overlap: Omit<TaskOverlap, 'lockName'> | undefined
  readonly onOneServer: boolean
  readonly inBackground: boolean
  readonly environments: readonly string[] | undefined
  readonly evenInMaintenanceMode: boolean
  readonly evenWhenPaused: boolean
  readonly timeoutMs: number | undefined
  readonly user: { readonly uid: number; readonly gid: number | undefined } | undefined
}

/** What adds up from group to task. */
export interface TaskLists {
  readonly when: readonly TaskPredicate[]
  readonly skip: readonly TaskPredicate[]
  readonly before: readonly TaskHook[]
  readonly after: readonly TaskHook[]
  readonly onSuccess: readonly TaskHook[]
  readonly onFailure: readonly TaskHook[]
  readonly outputs: readonly TaskOutput[]
}

/** A task that code has defined: when, what, and under which conditions. */
export interface Task extends Omit<TaskTraits, 'overlap'>, TaskLists {
  readonly name: string
  readonly timing: TaskTiming
  readonly work: TaskWork
  /** What it does, in a few words. */
  readonly shown: string
  readonly overlap: TaskOverlap | undefined
  /** With what policy it is a schedule of the database instead, dispatched like any other. */
  readonly stored: PolicyInput | undefined
}
