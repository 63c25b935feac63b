import type { Catalog } from '../catalog/catalog.ts'

/** The next run of one schedule. */
export interface NextRun {
  readonly key: string
  readonly job: string
  readonly at: Date
}

/** More schedules than this are not looked through only to show a few. */
const LOOKED_THROUGH = 10_000

/** The schedules that run next, soonest first. */
export async function nextRuns(catalog: Catalog, count: number): Promise<NextRun[]> {
  let soonest: NextRun[] = []
  let seen = 0
  for await (const { key, job, nextRunAt } of catalog.describeAll()) {
    if (++seen > LOOKED_THROUGH) break
    if (nextRunAt === undefined) continue

    soonest = [...soonest, { key, job, at: nextRunAt }]
      .sort((a, b) => a.at.valueOf() - b.at.valueOf())
      .slice(0, count)
  }
  return soonest
}
