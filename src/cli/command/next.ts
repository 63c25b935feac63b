import type { Command } from 'commander'
import { CronExpression, DST_RULES, type CronSyntax, type DstRule } from '../../cron/index.ts'
import { CronSyntaxError } from '../../errors.ts'
import { instantMs } from '../../schedule/instant-input.ts'
import { seedOf } from '../../schedule/schedule-identity.ts'
import { namingOptions, oneOf, wholeNumber } from '../arguments.ts'
import { action, type Invocation } from '../invocation.ts'
import { expressionText } from '../output/expression-text.ts'

interface NextOptions {
  readonly timezone: string
  readonly after?: string
  readonly until?: string
  readonly count: number
  readonly syntax?: CronSyntax
  readonly dst?: DstRule
  readonly key?: string
}

/** They are computed before any is printed. */
const MOST_RUNS = 10_000

/** `carillon next`: when an expression fires. Needs no database. */
export function addNext(program: Command, invocation: Invocation): void {
  program
    .command('next')
    .summary('print when a cron expression fires')
    .description('Prints the next instants of a cron expression, in its time zone. Needs no database.')
    .argument('<expression>', "the cron expression, as one argument: '*/15 9-17 * * MON-FRI'")
    .option('--timezone <zone>', 'IANA name of the time zone in which it is read', 'UTC')
    .option('--after <instant>', 'begin after this instant, such as 2026-03-29T00:00:00Z; default now')
    .option('--until <instant>', 'end with this instant, inclusive')
    .option('--count <n>', 'how many at most', wholeNumber('--count', 1, MOST_RUNS), 5)
    .option(
      '--syntax <syntax>',
      'standard or extended (default)',
      oneOf('--syntax', ['standard', 'extended']),
    )
    .option('--dst <rule>', 'rule for clock changes: shift (default), vixie, skip, literal', dstRule)
    .option('--key <key>', 'the schedule key that H is derived from')
    .action(
      action<NextOptions>(invocation, async ({ args: [text = ''], options, output, terminal }) => {
        const now = terminal.clock.now()
        const { timezone, syntax, dst, key, namespace = 'default' } = options
        const seed = key === undefined ? undefined : seedOf({ namespace, key })
        const expression = namingKey(() => new CronExpression(text, timezone, { syntax, dst, seed }))

        const instants = await namingOptions(async () => {
          const after = options.after === undefined ? now : instantMs(options.after, 'after')
          const until = options.until === undefined ? Infinity : instantMs(options.until, 'until')
          return firstOf(expression, after, until, options.count)
        })
        const description = expression.describe()
        const findings = expression.diagnose(now)
        output.answer({ expression: text, timezone, description, instants, findings }, (style) =>
          instants.length === 0 ? noneText(options) : expressionText(expression, instants, now, style),
        )
      }),
    )
}

/** Reads the name of a daylight saving rule for commander. */
export const dstRule = oneOf('--dst', Object.keys(DST_RULES) as DstRule[])

/** What a program passes as `seed` is `--key` here. */
function namingKey<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof CronSyntaxError) || error.suggestion?.includes('option seed') !== true) throw error

    const suggestion = 'give the key of the schedule, as in --key backup'
    const { expression, field, position } = error
    const message = error.message.replace(error.suggestion, suggestion)
    throw new CronSyntaxError(message, { expression, field, position, suggestion })
  }
}

function firstOf(expression: CronExpression, after: number, until: number, count: number): Date[] {
  const instants: Date[] = []
  for (let at = expression.nextMs(after, until); at !== undefined; at = expression.nextMs(at, until)) {
    instants.push(new Date(at))
    if (instants.length === count) break
  }
  return instants
}

function noneText({ until }: NextOptions): string {
  return until === undefined ? 'It never fires again.' : `It does not fire until ${until}.`
}
