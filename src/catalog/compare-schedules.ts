import type { Transactions } from '../store/store.ts'
import { isChange, type ScheduleToWrite } from './generations.ts'

/** What storing a schedule would do. */
export interface ScheduleComparison {
  readonly key: string
  readonly change: 'created' | 'changed' | 'unchanged'
}

/** How many are looked up at a time. */
const PAGE = 500

/** What storing schedules would do, in their order. Nothing is written. */
export async function* compareSchedules(
  store: Pick<Transactions, 'read'>,
  namespace: string,
  schedules: AsyncIterable<ScheduleToWrite>,
): AsyncGenerator<ScheduleComparison, void, undefined> {
  let page: ScheduleToWrite[] = []
  for await (const schedule of schedules) {
    page.push(schedule)
    if (page.length < PAGE) continue
    yield* await comparePage(store, namespace, page)
    page = []
  }
  yield* await comparePage(store, namespace, page)
}

async function comparePage(
  store: Pick<Transactions, 'read'>,
  namespace: string,
  page: readonly ScheduleToWrite[],
): Promise<ScheduleComparison[]> {
  const keys = [...new Set(page.map(({ key }) => key))]
  const records = await store.read((tables) => tables.schedules.findMany(namespace, keys))
  const present = new Map(records.map((record) => [record.key, record]))
  return page.map((schedule) => {
    const { key } = schedule
    const record = present.get(key)
    if (record === undefined) return { key, change: 'created' }
    return { key, change: isChange(record, schedule) ? 'changed' : 'unchanged' }
  })
}
