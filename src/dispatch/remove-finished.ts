import { giveWay } from '../clock/give-way.ts'
import type { Author } from '../store/pause.ts'
import { isOver } from '../store/schedule-record.ts'
import type { Removal } from '../store/removal-table.ts'
import type { Store, Tables } from '../store/store.ts'

const PAGE = 500
const BY_ITSELF: Author = { actor: 'carillon', note: 'it has finished' }

/**
 * Removes the schedules that are over and are to be removed then, as `delete` does: their rows stay for their history
 * until they are pruned. Any number of processes may do so at once.
 *
 * @see docs/design/schedules.md
 */
export async function removeFinished(store: Store): Promise<void> {
  for (let page: Removal[] = [], afterId = 0, isLast = false; !isLast;) {
    page = await store.read((tables) => tables.removals.page(afterId, PAGE))
    for (const removal of page) await store.transaction((tables) => removeIfOver(tables, removal))
    isLast = page.length < PAGE
    afterId = page.at(-1)?.scheduleId ?? afterId
    await giveWay()
  }
}

async function removeIfOver(tables: Tables, { scheduleId, namespace, key }: Removal): Promise<void> {
  const record = await tables.lock(namespace, key)
  // Deleted, changed or paused since: if it comes to its end again, it is written down again.
  if (record?.id !== scheduleId || !isOver(record)) return tables.removals.drop(scheduleId)
  // Whoever wants it to run once more needs the lock that is held here.
  if (await tables.ledger.hasOpen(scheduleId)) return
  if ((await tables.owed.of([scheduleId])).length > 0) return

  await tables.generations.keep([scheduleId])
  await tables.schedules.bury(scheduleId, BY_ITSELF, tables.now)
  const { revision, group, state } = record
  const change = { scheduleId, revision: revision + 1, kind: 'deleted', definitionText: null } as const
  await tables.changes.insert([{ ...change, group, state }], BY_ITSELF, tables.now)
  await tables.removals.drop(scheduleId)
}
