import type { PgPool, PgPoolClient, PgQuery, PgResult } from '../../../src/sql/postgres/postgres-pool.ts'
import type { Fate } from './fate.ts'
import type { Step } from './steps.ts'

/** A pool of `pg` whose statements are known as the steps of an occurrence. */
export function watchPool(pool: PgPool, fate: Fate): PgPool {
  return {
    options: { max: pool.options?.max },
    connect: async () => new WatchedClient(await pool.connect(), fate),
    end: () => pool.end(),
  }
}

interface Watched {
  /** How the statement is told from all others. */
  readonly text: RegExp
  /** Reached before it is sent. */
  readonly before?: Step
  /** Reached when it has changed a row and was committed, and nobody knows yet. */
  readonly after?: Step
}

const OCCURRENCES = 'update ("\\w+"\\.)?"carillon_occurrences"'

/** Statements that are a transaction of their own. */
const ALONE: readonly Watched[] = [
  {
    text: new RegExp(`${OCCURRENCES}.*"owner" = \\$\\d+, "lease_until" = greatest`, 's'),
    after: 'claim: claimed',
  },
  { text: new RegExp(`${OCCURRENCES}.*"state" = 'sent'`, 's'), after: 'take up: taken up' },
  {
    text: new RegExp(
      `${OCCURRENCES} as o set "lease_until" = greatest.*o\\.state = 'sent' and o\\.owner`,
      's',
    ),
    before: 'send: sent, not confirmed',
    after: 'confirm: confirmed',
  },
  {
    text: new RegExp(`${OCCURRENCES}.*"state" = 'running'`, 's'),
    before: 'begin: not asked',
    after: 'begin: committed, not known',
  },
  {
    text: new RegExp(`${OCCURRENCES}.*"state" = r\\.to_state`, 's'),
    before: 'finish: not written',
    after: 'finish: written, not known',
  },
  { text: /delete from ("\w+"\.)?"carillon_withdrawals"/, after: 'withdraw: withdrawn and noted' },
]

interface Transaction {
  readonly text: RegExp
  readonly before: Step
  readonly after: Step
}

/** Statements by which a transaction is known: those of an edit plan too, those of a plan edit nothing. */
const TRANSACTIONS: readonly Transaction[] = [
  {
    text: new RegExp(`${OCCURRENCES}.*"state" = 'skipped'`, 's'),
    before: 'edit: written, not committed',
    after: 'edit: committed',
  },
  {
    text: new RegExp(`${OCCURRENCES}.*"lost" = r\\.lost`, 's'),
    before: 'reap: written, not committed',
    after: 'reap: committed',
  },
  {
    text: /insert into ("\w+"\.)?"carillon_occurrences"/,
    before: 'plan: written, not committed',
    after: 'plan: committed',
  },
]

class WatchedClient implements PgPoolClient {
  readonly #client: PgPoolClient
  readonly #fate: Fate
  /** The kinds of what the transaction under way has changed; `undefined` outside of one. */
  #changed: Set<Transaction> | undefined
  readonly on: PgPoolClient['on']
  readonly off: PgPoolClient['off']

  constructor(client: PgPoolClient, fate: Fate) {
    this.#client = client
    this.#fate = fate
    this.on = client.on.bind(client)
    this.off = client.off.bind(client)
  }

  release(destroy?: boolean): void {
    this.#client.release(destroy)
  }

  async query(config: PgQuery): Promise<PgResult> {
    const { text } = config
    if (text.startsWith('begin')) this.#changed = new Set()
    if (text === 'rollback') this.#changed = undefined
    if (text === 'commit') return this.#commit(config)

    const watched = ALONE.find((one) => one.text.test(text))
    if (watched?.before !== undefined) this.#fate.reach(watched.before)
    const result = await this.#client.query(config)
    if ((result.rowCount ?? 0) === 0) return result

    for (const kind of TRANSACTIONS) if (kind.text.test(text)) this.#changed?.add(kind)
    if (watched?.after !== undefined) this.#fate.reach(watched.after)
    return result
  }

  async #commit(config: PgQuery): Promise<PgResult> {
    const kind = TRANSACTIONS.find((one) => this.#changed?.has(one))
    this.#changed = undefined
    if (kind !== undefined) this.#fate.reach(kind.before)
    const result = await this.#client.query(config)
    if (kind !== undefined) this.#fate.reach(kind.after)
    return result
  }
}
