import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Slots } from '../../src/sql/slots.ts'
import { PostgresServer } from '../support/servers/postgres-server.ts'
import { RabbitmqServer } from '../support/servers/rabbitmq-server.ts'
import { RedisServer } from '../support/servers/redis-server.ts'
import { QUEUE_KINDS, type Places, type QueueKind } from './faults/queue-kind.ts'
import { tryFaults, type Outcome } from './faults/trial.ts'

/**
 * Processes die by SIGKILL at each step between the plan of an occurrence and the end of its run, while others go on. Then
 * nothing is lost, and nothing has begun twice.
 *
 *     CARILLON_FAULT_ROUNDS=300 npx vitest run --project servers test/queue/faults.test.ts
 *
 * is the long form: so many processes die for each kind of queue, and somebody must have died at each step. It prints
 * what happened. CARILLON_FAULT_QUEUES="rabbitmq,pg-boss shared" chooses kinds, CARILLON_FAULT_SEED=… the order of deaths.
 */
const given = process.env['CARILLON_FAULT_ROUNDS']
const chosen = process.env['CARILLON_FAULT_QUEUES']?.split(',')
const kinds = QUEUE_KINDS.filter((kind) => chosen?.includes(kind) !== false)
/** One in each group of steps of a foreign queue. */
const SHORT_ROUNDS = 12
const rounds = given === undefined ? SHORT_ROUNDS : Number(given)
/** So many come to each step several times. */
const isThorough = rounds >= 100
/** How many kinds of queues let processes die at a time. */
const AT_ONCE = 2
/** More than all of them take on a busy machine. */
const TIMEOUT_MS = (rounds * 20_000 * kinds.length) / AT_ONCE + 600_000

const servers = new AsyncDisposableStack()
/** All begin at once: to wait until everything has ended takes each of them a minute, in which little happens. */
const outcomes = new Map<QueueKind, Promise<Outcome>>()

beforeAll(async () => {
  // What an operating system has taken in, a killed process does not lose.
  const settings = { max_connections: '600', fsync: 'off' }
  const postgres = servers.use(await PostgresServer.start({ settings }))
  const redis = kinds.includes('bullmq on redis') ? servers.use(await RedisServer.start()) : undefined
  const rabbitmq = kinds.includes('rabbitmq') ? servers.use(await RabbitmqServer.start()) : undefined

  const placesOf = async (kind: QueueKind): Promise<Places> => {
    const database = await postgres.createDatabase()
    if (kind === 'bullmq on redis') return { database, broker: redis!.address }
    if (kind === 'rabbitmq') return { database, broker: rabbitmq!.address }
    const isElsewhere = kind === 'bullmq on postgres' || kind === 'pg-boss elsewhere'
    return { database, broker: isElsewhere ? await postgres.createDatabase() : database }
  }
  const seed = Number(process.env['CARILLON_FAULT_SEED'] ?? randomInt(2 ** 31))
  const slots = new Slots(AT_ONCE)
  for (const kind of kinds) {
    const places = await placesOf(kind)
    const outcome = tryFaults({ kind, places, rounds, seed, isThorough, slots })
    outcome.catch(() => {})
    outcomes.set(kind, outcome)
  }
}, 120_000)

afterAll(async () => {
  await Promise.allSettled(outcomes.values())
  await servers.disposeAsync()
}, TIMEOUT_MS)

it.for(kinds)(
  'loses nothing and begins nothing twice, at whichever step a process dies: %s',
  { timeout: TIMEOUT_MS },
  async (kind) => {
    const { problems, report } = await outcomes.get(kind)!
    if (given !== undefined) console.log(report)
    if (problems.length > 0) expect.fail([...problems, report].join('\n\n'))
  },
)
