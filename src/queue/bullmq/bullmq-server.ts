import type * as bullmq from 'bullmq'
import type { Processor, WorkerOptions } from 'bullmq'
import type { BullmqJob } from './bullmq-message.ts'

/** What of BullMQ's module is used. */
export type Bullmq = typeof bullmq

/** What a worker is told, whatever its jobs are on. */
export type WorkerSettings = Omit<WorkerOptions, 'connection' | 'prefix'> & { readonly concurrency: number }

/** A worker of BullMQ, or several of them that are one to its user, and the connections below. */
export interface OpenWorker {
  onError(listener: (error: unknown) => void): void

  /** Takes nothing more. */
  pause(): Promise<void>

  /** Takes nothing more, and resolves when what it has is settled; does not wait for that if it is forced. */
  close(isForced: boolean): Promise<void>

  /** Ends the connections, whatever is under way on them. */
  disconnect(): Promise<void>
}

/** How many jobs wait for their instants, are due and not taken, and are with workers. */
export interface JobCounts {
  readonly delayed: number
  readonly waiting: number
  readonly active: number
}

/** One queue of BullMQ, on Redis or on PostgreSQL: what the two do each in their way. Jobs go by their ids. */
export interface BullmqServer {
  /** What it is on, as in `Redis`. */
  readonly title: string
  /** How late BullMQ's own delay delivers at the median, in milliseconds. */
  readonly precisionMs: number

  /** Adds jobs, but for those whose ids are there. */
  add(jobs: readonly BullmqJob[]): Promise<void>

  /** Makes delayed jobs due now. Others are passed over. */
  promote(ids: readonly string[]): Promise<void>

  /** Takes out jobs that wait, due or not. Others are passed over. */
  remove(ids: readonly string[]): Promise<void>

  /** Names what is in the queue; another name when some of it was lost. */
  epoch(): Promise<string>

  /** How many jobs there are, as BullMQ counts them. */
  count(): Promise<JobCounts>

  /** Whether the server answers; rejects when it does not. */
  ping(): Promise<void>

  /** Starts a worker, on connections of its own that are made again for as long as it takes. */
  work(process: Processor<unknown, void>, settings: WorkerSettings): Promise<OpenWorker>

  /** What went wrong, for people. */
  explain(error: unknown): string

  close(): Promise<void>
}
