import type { Clock, Instant } from '../clock/clock.ts'
import { waitAtMost, waitUntil } from '../clock/wait.ts'
import type { Task } from '../task/fluent/task.ts'
import type { TaskResult, TaskRunner } from './task-runner.ts'

const MINUTE_MS = 60_000
/** How long runs may take to end after they were aborted. */
const ABORT_GRACE_MS = 5_000

/**
 * Serves the minute that it is: what is due by now runs at once, and what repeats below a minute goes on to the minute's
 * end, or until it is interrupted. For an outside tick each minute, as of cron.
 *
 * @param stop ends the repeats; what runs goes on
 * @param abort aborts what runs; it is waited for a little longer
 * @returns what became of each instant, in the order in which they ended
 */
export async function serveMinute(
  runner: TaskRunner,
  clock: Clock,
  { stop, abort }: { readonly stop: AbortSignal; readonly abort: AbortSignal },
): Promise<readonly TaskResult[]> {
  const now = clock.now()
  const from = Math.floor(now / MINUTE_MS) * MINUTE_MS
  const until = from + MINUTE_MS - 1
  const results: TaskResult[] = []
  const tell = (result: TaskResult) => void results.push(result)
  const served = Promise.all(runner.tasks.map((task) => serve(task)))
  const aborted = new Promise<void>((resolve) => {
    if (abort.aborted) resolve()
    else abort.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([served, aborted])
  // A function that ignores its signal keeps nobody waiting for ever.
  await waitAtMost(clock, clock.now() + ABORT_GRACE_MS, served)
  return results

  async function serve(task: Task): Promise<void> {
    const runs: Promise<void>[] = []
    for (const nominalAt of instants(task, from, now, until)) {
      if (nominalAt > now) {
        await waitUntil(clock, nominalAt, stop)
        if (stop.aborted || abort.aborted || (await isInterrupted())) break
      }
      // Not awaited: whether a repeat waits for the one before is for withoutOverlapping to say.
      runs.push(runner.run(task, nominalAt, abort).then(tell))
    }
    await Promise.all(runs)
  }

  /** When it cannot be asked, the repeats go on. */
  async function isInterrupted(): Promise<boolean> {
    return runner.control.isInterrupted().catch(() => false)
  }
}

/** The latest instant of the minute that has come, and all that are still to come. */
function* instants(task: Task, from: Instant, now: Instant, until: Instant): Iterable<Instant> {
  const { recurrence } = task.timing
  const latest = recurrence.previousMs(now + 1, from)
  if (latest !== undefined) yield latest
  let next = recurrence.nextMs(Math.max(now, from), until)
  while (next !== undefined) {
    yield next
    next = recurrence.nextMs(next, until)
  }
}
