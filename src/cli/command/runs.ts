import type { Command } from 'commander'
import type { Catalog } from '../../catalog/catalog.ts'
import type { RunsOptions } from '../../catalog/catalog-options.ts'
import type { ListedRun, RunsPage } from '../../catalog/occurrence-view.ts'
import type { Clock } from '../../clock/clock.ts'
import { RunNotFoundError } from '../../errors.ts'
import { namingOptions } from '../arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { runsTable } from '../output/occurrence-text.ts'
import { runDetails } from '../output/run-text.ts'
import { onExisting } from '../session.ts'
import { addRunFilters, filtersOf, type RunFilters } from './run-filters.ts'

/** How long it looks for runs that a filter lets through, before it says how far it has come. */
const LOOK_MS = 10_000

interface RunsFilters extends RunFilters {
  readonly group?: string
  readonly job?: string
}

/** `carillon runs`: what became of the runs of all schedules. */
export function addRuns(program: Command, invocation: Invocation): void {
  const runs = program
    .command('runs')
    .summary('list the runs of all schedules')
    .description(
      'Lists what became of the runs of all schedules of the namespace up to now, newest first; also of deleted schedules.',
    )
    .option('--group <name>', 'only those of schedules in one group')
    .option('--job <name>', 'only those of one job')
  addShow(runs, invocation)
  addRunFilters(runs).action(
    action<RunsFilters>(invocation, async (call) => {
      const { output, terminal } = call
      const { group, job, limit } = call.options
      await onExisting(call, async ({ catalog }) => {
        const options = { ...filtersOf(call.options), group, job }
        const page = await namingOptions(() => pageOf(catalog, options, limit, terminal.clock))
        output.answer(page, (style) => runsTable(page.runs, terminal.clock.now(), style))
        if (page.next !== undefined) output.note((style) => style.dim(`earlier ones: --after ${page.next}`))
      })
    }),
  )
}

/** `carillon runs show`. */
function addShow(runs: Command, invocation: Invocation): void {
  runs
    .command('show')
    .summary('show one run, with what its handler logged')
    .description(
      'Shows one run: how it went, how far it has come, the lines that its handler logged, and its earlier attempts.',
    )
    .argument('<id>', 'the run, as runs and schedule history name it')
    .action(
      action(invocation, async (call) => {
        const [id = ''] = call.args
        const { output, terminal } = call
        await onExisting(call, async ({ catalog }) => {
          const run = await catalog.run(id)
          if (run === undefined) throw unknownRun(id, catalog.namespaceName)
          output.answer(run, (style) => runDetails(run, terminal.clock.now(), style))
        })
      }),
    )
}

function unknownRun(id: string, namespace: string): RunNotFoundError {
  const message = `no run has the id "${id}" in namespace "${namespace}"; finished ones are kept for a while only`
  return new RunNotFoundError(message, id)
}

/** A full page, unless there is no more or it takes too long to find it. */
async function pageOf(
  catalog: Catalog,
  options: RunsOptions,
  limit: number,
  clock: Clock,
): Promise<RunsPage> {
  const patientUntil = clock.now() + LOOK_MS
  const runs: ListedRun[] = []
  let next: string | undefined = options.after
  do {
    const page = await catalog.runs({ ...options, after: next, limit: limit - runs.length })
    runs.push(...page.runs)
    next = page.next
  } while (next !== undefined && runs.length < limit && clock.now() < patientUntil)
  return { runs, next }
}
