import { defineJob, type AnyJob } from '../../src/task/job.ts'

/** The job of all schedules: it does nothing, or only tells that it began. */
export function noop(onStart: (dueAt: number) => void = () => {}): AnyJob {
  return defineJob('noop', { handle: async ({ occurrence }) => onStart(occurrence.dueAt.getTime()) })
}
