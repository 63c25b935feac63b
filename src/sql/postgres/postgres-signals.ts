import { randomBytes } from 'node:crypto'
import { sql, type RawBuilder } from 'kysely'
import type { Alarm } from '../../clock/clock.ts'
import { SystemClock } from '../../clock/system-clock.ts'
import type { Signals } from '../backend.ts'
import { takeClient, type PgPool, type PgPoolClient } from './postgres-pool.ts'

/** Signals sent within this time go out as one. */
const GATHER_MS = 10
/** How long the signal that the listener sends itself may take before notifications count as not arriving. */
const ECHO_MS = 5_000
/** How often it is checked that signals still arrive. */
const CHECK_EVERY_MS = 60_000
/** How often the listener is called while notifications don't arrive. */
const FALLBACK_EVERY_MS = 5_000

/**
 * Signals by LISTEN and NOTIFY, on one connection of the pool that is kept for it. Where they don't arrive, as behind a
 * proxy that gives each transaction another session, the listener is called now and then instead.
 */
export class PostgresSignals implements Signals {
  readonly query: RawBuilder<unknown>
  readonly #pool: PgPool
  readonly #channel: string
  /** Tells this process's own signals apart. */
  readonly #self = randomBytes(8).toString('hex')
  readonly #clock = new SystemClock()
  readonly #listeners = new Set<() => void>()
  #gathering: Alarm | undefined
  #client: PgPoolClient | undefined
  #isConnecting = false
  #fallback: Alarm | undefined
  #check: Alarm | undefined
  #echoed: (() => void) | undefined

  /** @param channel tells one set of tables from another in the same database */
  constructor(pool: PgPool, channel: string) {
    this.#pool = pool
    this.#channel = channel
    this.query = sql`select pg_notify(${channel}, 'committed')`
  }

  send(): void {
    this.#gathering ??= this.#clock.alarmAt(this.#clock.now() + GATHER_MS, () => {
      this.#gathering = undefined
      void this.#notify(this.#self).catch(() => {})
    })
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    void this.#connect()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#disconnect()
    }
  }

  /** Sends what is gathered, and ends. */
  async close(): Promise<void> {
    this.#listeners.clear()
    this.#disconnect()
    if (this.#gathering === undefined) return
    this.#gathering.cancel()
    await this.#notify(this.#self).catch(() => {})
  }

  async #connect(): Promise<void> {
    if (this.#client !== undefined || this.#isConnecting || this.#listeners.size === 0) return
    this.#isConnecting = true
    this.#fallBack()
    try {
      const client = await this.#pool.connect()
      client.on('notification', ({ channel, payload }) => this.#receive(channel, payload))
      client.on('error', () => this.#lose(client))
      client.on('end', () => this.#lose(client))
      this.#client = client
      await ask(client, `listen "${this.#channel}"`)
      await this.#confirm()
      // Something may have been sent while nobody listened.
      this.#call()
      this.#checkAgain(client)
    } catch {
      this.#disconnect()
      this.#fallBack()
    } finally {
      this.#isConnecting = false
    }
    if (this.#listeners.size === 0) this.#disconnect()
  }

  /** A connection may be gone without a word, as when a firewall has forgotten it. */
  #checkAgain(client: PgPoolClient): void {
    this.#check = this.#clock.alarmAt(this.#clock.now() + CHECK_EVERY_MS, () => {
      this.#confirm().then(
        () => this.#client === client && this.#checkAgain(client),
        () => this.#lose(client),
      )
    })
  }

  /** A signal to oneself; once it has come back, signals can be relied on. */
  async #confirm(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const deadline = this.#clock.alarmAt(this.#clock.now() + ECHO_MS, () => reject(new Error('no echo')))
    this.#echoed = resolve
    try {
      await Promise.all([this.#notify(`echo ${this.#self}`), promise])
    } finally {
      deadline.cancel()
      this.#echoed = undefined
    }
    this.#fallback?.cancel()
    this.#fallback = undefined
  }

  #receive(channel: string, payload: string | undefined): void {
    if (channel !== this.#channel || payload === this.#self) return
    if (payload === `echo ${this.#self}`) this.#echoed?.()
    else if (payload?.startsWith('echo ') !== true) this.#call()
  }

  #lose(client: PgPoolClient): void {
    if (this.#client !== client) return
    this.#disconnect()
    this.#fallBack()
    void this.#connect()
  }

  #disconnect(): void {
    this.#fallback?.cancel()
    this.#fallback = undefined
    this.#check?.cancel()
    const client = this.#client
    this.#client = undefined
    // Closed for good: a session that listens must not go back to the pool.
    client?.release(true)
  }

  /** Calls the listener now and then, and tries to connect again, until signals arrive. */
  #fallBack(): void {
    if (this.#listeners.size === 0) return
    this.#fallback ??= this.#clock.alarmAt(this.#clock.now() + FALLBACK_EVERY_MS, () => {
      this.#fallback = undefined
      this.#call()
      this.#fallBack()
      void this.#connect()
    })
  }

  #call(): void {
    for (const listener of this.#listeners) listener()
  }

  async #notify(payload: string): Promise<void> {
    const { client, release } = await takeClient(this.#pool)
    try {
      await ask(client, `select pg_notify('${this.#channel}', '${payload}')`)
      release(false)
    } catch (error) {
      release(true)
      throw error
    }
  }
}

async function ask(client: PgPoolClient, text: string): Promise<void> {
  const types = { getTypeParser: () => String }
  await client.query({ text, values: [], types, query_timeout: 10_000 })
}
