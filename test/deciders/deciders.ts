/**
 * The pure functions that decide what is planned, what begins, what an end means and what is said of it. They are held to
 * full branch coverage (`npm run coverage:deciders`) and to a mutation score (`npm run mutation`), by unit tests alone.
 *
 * A new one is a new line here.
 */
export const DECIDERS: readonly string[] = [
  'src/schedule/*-recurrence.ts',
  'src/schedule/apply-patch.ts',
  'src/schedule/catch-up-rate.ts',
  'src/schedule/decide-turns.ts',
  'src/schedule/definition.ts',
  'src/schedule/excluded-days.ts',
  'src/schedule/expected-by.ts',
  'src/schedule/failed-in-a-row.ts',
  'src/schedule/jitter.ts',
  'src/schedule/overlap.ts',
  'src/schedule/plan.ts',
  'src/schedule/shortest-gap.ts',
  'src/schedule/spread.ts',
  'src/schedule/terms.ts',
  'src/schedule/timing.ts',
  'src/worker/outcome.ts',
  'src/store/run-end.ts',
  'src/webhook/*.ts',
  'src/catalog/backfill/backfill-plan.ts',
  'src/catalog/declare/decide-release.ts',
  'src/catalog/explain/absence.ts',
  'src/catalog/explain/tell-occurrence.ts',
  'src/http/access/grant.ts',
  'src/http/access/lockout.ts',
  'src/http/access/signed-claims.ts',
]

/** The tests that stand in the folders of the deciders. */
export const DECIDER_TESTS: readonly string[] = [
  ...new Set(DECIDERS.map((file) => file.slice(0, file.lastIndexOf('/')))),
].map((folder) => `${folder}/*.test.ts`)
