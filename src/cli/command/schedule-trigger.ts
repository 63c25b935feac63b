import type { Command } from 'commander'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Occurrence } from '../../catalog/occurrence-view.ts'
import { waitUntil } from '../../clock/wait.ts'
import { DriverError } from '../../errors.ts'
import { EXIT } from '../exit-status.ts'
import { action, type Call, type Invocation } from '../invocation.ts'
import { occurrenceDetails } from '../output/occurrence-text.ts'
import { oneLine } from '../output/visible.ts'
import { waitText } from '../output/wait-text.ts'
import { onExisting } from '../session.ts'

const LOOK_EVERY_MS = 200
/** Who waits longer than this is told what for. */
const PATIENCE_MS = 2_000
const FINAL: readonly string[] = ['succeeded', 'failed', 'skipped']

/** `carillon schedule trigger`: runs a schedule now. */
export function addTrigger(schedule: Command, invocation: Invocation): void {
  schedule
    .command('trigger')
    .summary('run a schedule once, now')
    .description(
      'Runs a schedule once, now, on some server, whether or not it is paused. Its plan stays as it is.',
    )
    .argument('<key>', 'the schedule')
    .option('--wait', 'wait for the run to end; the exit status is 0 if it succeeded, 1 otherwise')
    .action(
      action<{ wait?: boolean }>(invocation, async (call) => {
        const [key = ''] = call.args
        const { options, output, terminal } = call
        return onExisting(call, async ({ catalog }) => {
          const triggered = await catalog.trigger(key)
          if (options.wait !== true) {
            output.answer(triggered, () =>
              oneLine(`Triggered ${key}: carillon schedule history ${key} shows the outcome.`),
            )
            return EXIT.ok
          }
          const ended = await untilEnded(catalog, key, triggered, call)
          output.answer(ended, (style) => occurrenceDetails(key, ended, terminal.clock.now(), style))
          return ended.state === 'succeeded' ? EXIT.ok : EXIT.failure
        })
      }),
    )
}

/** Waits for the end of a run; in between, people are told what it waits for, and when that changes. */
async function untilEnded(
  catalog: Catalog,
  key: string,
  triggered: Occurrence,
  { output, terminal: { clock } }: Call<object>,
): Promise<Occurrence> {
  const impatientAt = clock.now() + PATIENCE_MS
  const { job = '' } = (await catalog.describe(key)) ?? {}
  let told = ''
  for (;;) {
    const present = await find(catalog, key, triggered)
    if (FINAL.includes(present.state)) return present

    const text = waitText(present, job, clock.now())
    if (text !== told && clock.now() >= impatientAt) {
      output.note((style) => style.paint(present.state === 'running' ? 'cyan' : 'yellow', text))
      told = text
    }
    await waitUntil(clock, clock.now() + LOOK_EVERY_MS)
  }
}

async function find(catalog: Catalog, key: string, { id, nominalAt }: Occurrence): Promise<Occurrence> {
  const page = await catalog.history(key, { until: nominalAt, limit: 20 })
  const found = page.find((occurrence) => occurrence.id === id)
  if (found !== undefined) return found
  throw new DriverError(`the run ${id} of "${key}" is no longer in the ledger`, { retryable: false })
}
