import { databaseQueue, type QueueChoice } from '../../../src/index.ts'
import { bullmqQueue } from '../../../src/queue/bullmq/bullmq-queue.ts'
import { pgBossQueue } from '../../../src/queue/pg-boss/pg-boss-queue.ts'
import { rabbitmqQueue } from '../../../src/queue/rabbitmq/rabbitmq-queue.ts'

export const QUEUE_KINDS = [
  'database',
  'bullmq on redis',
  'bullmq on postgres',
  'pg-boss shared',
  'pg-boss elsewhere',
  'rabbitmq',
] as const
/** A driver, and where its queue lives. `shared` is in Carillon's own database. */
export type QueueKind = (typeof QUEUE_KINDS)[number]

/** Where things are. */
export interface Places {
  /** Carillon's database. */
  readonly database: string
  /** What the queue lives in. */
  readonly broker: string
}

/** The shortest that pg-boss allows. */
const heartbeatSeconds = 10

export function queueOf(kind: QueueKind, { database, broker }: Places): QueueChoice {
  switch (kind) {
    case 'database':
      return databaseQueue()
    case 'bullmq on redis':
      return bullmqQueue({ connection: broker })
    case 'bullmq on postgres':
      return bullmqQueue({ postgres: broker })
    case 'pg-boss shared':
      return pgBossQueue({ connection: database, sameDatabase: true, heartbeatSeconds })
    case 'pg-boss elsewhere':
      return pgBossQueue({ connection: broker, heartbeatSeconds })
    case 'rabbitmq':
      return rabbitmqQueue({ url: broker })
  }
}
