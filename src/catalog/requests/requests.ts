import type { KeptAnswer, RequestRecord, RequestRef } from '../../store/request-table.ts'
import type { Store } from '../../store/store.ts'

/** What has become of a request that somebody else has made before. */
export type KnownRequest =
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  /** Its answer is to be expected. */
  | { readonly kind: 'under-way' }
  /** It was done, at least in part, and its server died before the answer was kept. */
  | { readonly kind: 'lost' }
  /** Something else was asked for under that name. */
  | { readonly kind: 'other' }

/** How long after it was claimed a request may be under way. */
const UNDER_WAY_MS = 60_000

/** What was asked for under names, and what was answered: whoever asks once more is told the same. */
export class Requests {
  readonly #store: Pick<Store, 'now' | 'read' | 'brief'>

  constructor(store: Pick<Store, 'now' | 'read' | 'brief'>) {
    this.#store = store
  }

  /** What has become of this request before; `undefined` when it was not made. */
  async find(request: RequestRef): Promise<KnownRequest | undefined> {
    const record = await this.#store.read(({ requests }) => requests.find(request.id))
    if (record === undefined) return undefined
    if (record.fingerprint !== request.fingerprint) return { kind: 'other' }
    if (record.answer !== undefined) return { kind: 'answered', answer: record.answer }
    return { kind: await this.#unanswered(record) }
  }

  /** Keeps what was answered to a request, if it has claimed its name. */
  async keep(request: RequestRef, answer: KeptAnswer): Promise<void> {
    await this.#store.brief(({ requests }) => requests.keep(request, answer))
  }

  async #unanswered({ claimedAt }: RequestRecord): Promise<'under-way' | 'lost'> {
    return (await this.#store.now()) < claimedAt + UNDER_WAY_MS ? 'under-way' : 'lost'
  }
}
