import type { ClaimableLedger } from '../queue/database/database-queue.ts'
import type { Store } from '../store/store.ts'

/** The store's ledger as the database queue sees it: each call a transaction of its own. */
export function claimableLedger(store: Store): ClaimableLedger {
  return {
    now: () => store.now(),
    nextDue: (queue, jobs) => store.read((tables) => tables.runs.nextDue(queue, jobs)),
    claim: (claim) => store.brief((tables) => tables.runs.claim(claim, tables.now)),
    watch: (listener) => store.watch(listener),

    async claimInTurn(claim, after) {
      const now = await store.now()
      const { refs, after: last } = await store.read((tables) => tables.runs.overdueInTurn(claim, after, now))
      // To look must not take the write lock from others.
      if (refs.length === 0) return { claimed: [], after: last }
      const claimed = await store.brief((tables) => tables.runs.claimThese(refs, claim, tables.now))
      return { claimed, after: last }
    },

    async release(refs, owner) {
      await store.brief((tables) => tables.runs.release(refs, owner))
      store.announce()
    },
  }
}
