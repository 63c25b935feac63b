import { SystemClock } from '../clock/system-clock.ts'
import { waitAtMost } from '../clock/wait.ts'
import type { QueueHealth } from '../queue/message-queue.ts'
import type { Store } from '../store/store.ts'
import type { Role } from './options.ts'
import type { Queues } from './queues.ts'

/** How a process is, for who decides whether it gets work or is started anew. */
export interface Health {
  /** Whether it can do its work: the database answers, and it does not stop. */
  readonly isReady: boolean
  readonly isStopping: boolean
  readonly server: string
  /** What it does; empty before `start`. */
  readonly roles: readonly Role[]
  /** How many runs are under way in it. */
  readonly running: number
  readonly database: { readonly isUp: boolean; readonly error?: string }
  readonly queues: readonly (QueueHealth & { readonly name: string; readonly driver: string })[]
}

/** How long the database may take to answer, before it counts as down. */
const PATIENCE_MS = 2_000

/** Asks the database and the queues how they are. Never fails, and takes some seconds at most. */
export async function checkHealth(
  store: Store,
  queues: Queues,
  present: Pick<Health, 'isStopping' | 'server' | 'roles' | 'running'>,
): Promise<Health> {
  const [database, ofQueues] = await Promise.all([databaseHealth(store), queues.health()])
  return { isReady: database.isUp && !present.isStopping, ...present, database, queues: ofQueues }
}

async function databaseHealth(store: Store): Promise<Health['database']> {
  const clock = new SystemClock()
  const asked = store.now().then(
    () => ({ isUp: true }),
    (error: unknown) => ({ isUp: false, error: error instanceof Error ? error.message : String(error) }),
  )
  const answer = await waitAtMost(clock, clock.now() + PATIENCE_MS, asked)
  return answer ?? { isUp: false, error: `no answer within ${PATIENCE_MS} ms` }
}
