import { createHash, randomUUID } from 'node:crypto'
import { AlreadyDoneError } from '../../errors.ts'
import type { RequestRef } from '../../store/request-table.ts'
import type { Tables, Transactions } from '../../store/store.ts'

/** One try at something that is to be done once, under whichever name it is asked for. */
export class OneRequest implements RequestRef {
  readonly id: string
  readonly fingerprint: string
  readonly claim: string = randomUUID()
  #isClaimed = false

  /**
   * @param name by which it is known again
   * @param content what is asked for, so that something else under the same name is told apart
   */
  constructor(name: readonly string[], content: readonly string[] = []) {
    this.id = digestOf(name)
    this.fingerprint = digestOf(content)
  }

  /**
   * A store whose first transaction claims the request: either both come true or neither does. It throws an
   * `AlreadyDoneError` when somebody else has claimed it before.
   */
  within(store: Transactions): Transactions {
    return {
      takesWritesSideBySide: store.takesWritesSideBySide,
      now: () => store.now(),
      read: (work) => store.read(work),
      announce: () => store.announce(),
      reaching: (reach) => this.within(store.reaching(reach)),
      transaction: async (work) => {
        const result = await store.transaction(async (tables) => {
          await this.#claimIn(tables)
          return work(tables)
        })
        this.#isClaimed = true
        return result
      },
    }
  }

  async #claimIn({ requests, now }: Tables): Promise<void> {
    if (this.#isClaimed) return
    const { claim, claimedAt } = await requests.claim(this, now)
    // A second try, after the answer to the first was lost, finds its own claim.
    if (claim === this.claim) return
    throw new AlreadyDoneError(
      `this was done under the same name before, at ${new Date(claimedAt).toISOString()}`,
      new Date(claimedAt),
    )
  }
}

/** 27 characters of base64url that stand for texts, each of them apart from the others. */
function digestOf(texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('base64url').slice(0, 27)
}
