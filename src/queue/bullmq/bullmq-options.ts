import { ConfigError } from '../../errors.ts'
import { didYouMean } from '../../suggestion.ts'

/** Options of `ioredis`: `host` and `port`, `path`, `sentinels`, `username`, `password`, `db`, `tls` and so on. */
export interface RedisConnectionOptions {
  readonly host?: string
  readonly port?: number
  readonly [option: string]: unknown
}

/** A client of `ioredis` that the application has. Its own connection is not used: it is duplicated. */
export interface IoredisClient {
  duplicate(...args: never[]): unknown
  defineCommand(...args: never[]): unknown
}

/** Options of a pool of `pg`, with those of BullMQ. */
export interface PostgresConnectionOptions {
  readonly connectionString?: string
  /** Where BullMQ has its tables; `bullmq` by default. */
  readonly schema?: string
  /** Whether the tables are made and brought up to date; `true` by default. */
  readonly migrate?: boolean
  readonly [option: string]: unknown
}

interface CommonOptions {
  /** The name of BullMQ's queue; by default `carillon-` and the name by which schedules choose it. Has no `:`. */
  readonly queueName?: string
}

export interface BullmqOnRedisOptions extends CommonOptions {
  /** The address of a Redis, options of `ioredis`, or a client of `ioredis` whose address and settings are taken over. */
  readonly connection: string | RedisConnectionOptions | IoredisClient
  /** What BullMQ's keys begin with; `bull` by default. On a Redis Cluster in braces, as `{bull}`. */
  readonly prefix?: string
  readonly postgres?: never
}

export interface BullmqOnPostgresOptions extends CommonOptions {
  /** The address of a PostgreSQL database, or options of a pool of `pg`. */
  readonly postgres: string | PostgresConnectionOptions
  readonly connection?: never
  readonly prefix?: never
}

export type BullmqQueueOptions = BullmqOnRedisOptions | BullmqOnPostgresOptions

const KNOWN = ['connection', 'postgres', 'queueName', 'prefix']
const RIGHT =
  'give bullmqQueue({ connection: "redis://host:6379" }), or bullmqQueue({ postgres: "postgres://user@host/database" })'

/** @throws {ConfigError} that says what would be right */
export function checkBullmqOptions(options: BullmqQueueOptions): void {
  if (!isObject(options)) throw new ConfigError(`bullmqQueue takes an object of options: ${RIGHT}`)
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key))
  if (unknown !== undefined)
    throw new ConfigError(`unknown option "${unknown}" of bullmqQueue${didYouMean(unknown, KNOWN)}`)

  const { connection, postgres, queueName, prefix } = options
  if ((connection === undefined) === (postgres === undefined))
    throw new ConfigError(`bullmqQueue needs either "connection" or "postgres": ${RIGHT}`)
  if (queueName !== undefined) checkQueueName(queueName)
  if (connection !== undefined) checkRedis(connection, prefix)
  else checkPostgres(postgres, prefix)
}

/** @throws {ConfigError} when BullMQ would not take it */
export function checkQueueName(name: unknown): void {
  if (typeof name !== 'string' || name === '' || name.includes(':'))
    throw new ConfigError(
      `BullMQ cannot name a queue ${JSON.stringify(name)}: give bullmqQueue a "queueName" without ":", as in "carillon"`,
    )
}

/** Whether it is a client of `ioredis`, and no options. */
export function isClient(connection: BullmqOnRedisOptions['connection']): connection is IoredisClient {
  return isObject(connection) && typeof Reflect.get(connection, 'duplicate') === 'function'
}

/** Whether a client is of a Redis Cluster. */
export function isCluster(client: IoredisClient): boolean {
  return Reflect.get(client, 'isCluster') === true
}

function checkRedis(connection: BullmqOnRedisOptions['connection'], prefix: unknown): void {
  if (typeof connection === 'string')
    checkAddress(connection, 'connection', ['redis:', 'rediss:'], 'redis://host:6379')
  else if (!isObject(connection))
    throw new ConfigError(
      `"connection" of bullmqQueue is neither an address nor options of ioredis: ${RIGHT}`,
    )
  else if (isClient(connection)) checkClient(connection, prefix)
  else checkKeyPrefix(connection)

  if (prefix !== undefined && (typeof prefix !== 'string' || prefix === ''))
    throw new ConfigError('"prefix" of bullmqQueue is no text: leave it out for BullMQ\'s own, "bull"')
}

function checkClient(client: IoredisClient, prefix: unknown): void {
  if (typeof Reflect.get(client, 'defineCommand') !== 'function')
    throw new ConfigError(
      '"connection" of bullmqQueue is no client of "ioredis": give `new Redis(…)`, or an address',
    )
  checkKeyPrefix(Reflect.get(client, 'options') ?? {})
  if (isCluster(client) && !/\{.+\}/.test(String(prefix)))
    throw new ConfigError(
      'a Redis Cluster needs a "prefix" in braces, as in "{bull}", to keep the queue on one node',
    )
}

function checkKeyPrefix(options: object): void {
  const keyPrefix: unknown = Reflect.get(options, 'keyPrefix')
  if (keyPrefix !== undefined && keyPrefix !== '')
    throw new ConfigError(
      'BullMQ does not work with "keyPrefix" of ioredis: give bullmqQueue a "prefix" instead',
    )
}

function checkPostgres(postgres: unknown, prefix: unknown): void {
  if (typeof postgres === 'string')
    checkAddress(postgres, 'postgres', ['postgres:', 'postgresql:'], 'postgres://user@host/database')
  else if (!isObject(postgres) || typeof Reflect.get(postgres, 'connect') === 'function')
    throw new ConfigError(`"postgres" of bullmqQueue is neither an address nor options of a pool: ${RIGHT}`)

  if (prefix !== undefined)
    throw new ConfigError(
      'BullMQ has no "prefix" on PostgreSQL: give { postgres: { …, schema: "jobs" } } instead',
    )
}

/** The address itself may hold a password, so it is not shown. */
function checkAddress(address: string, name: string, protocols: readonly string[], example: string): void {
  if (!URL.canParse(address) || !protocols.includes(new URL(address).protocol))
    throw new ConfigError(`"${name}" of bullmqQueue is no such address: give one as ${example}`)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
