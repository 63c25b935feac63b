import type { Explanation } from '../../catalog/explain/explanation.ts'
import { zonedTime } from '../../clock/time-text.ts'
import type { Style } from './style.ts'
import { properties } from './table.ts'
import { localZone } from './time.ts'
import { oneLine } from './visible.ts'

const VERDICT: Readonly<
  Record<Explanation['verdict'], readonly [color: 'green' | 'cyan' | 'yellow' | 'red', string]>
> = {
  ran: ['green', 'ran'],
  runs: ['cyan', 'is running'],
  'will-run': ['cyan', 'is still to run'],
  'did-not-run': ['yellow', 'did not run'],
  'will-not-run': ['yellow', 'will not run'],
  unknown: ['red', 'may have run'],
}

/** Why a schedule ran at an instant, or did not. */
export function explanationText(explanation: Explanation, style: Style): string {
  const { key, instant, verdict, code, text, inForce, others, previousAt, nextAt } = explanation
  const [color, words] = VERDICT[verdict]
  const at = (time: Date) => zonedTime(time, localZone())
  const isFailure = code === 'failed'
  const title = `${style.bold(key)} ${style.paint(isFailure ? 'red' : color, isFailure ? 'failed' : words)} at ${at(instant)}`
  const facts = properties(
    [
      ['reason', code],
      [
        'definition',
        inForce &&
          `${inForce.recurrence} (generation ${inForce.generation}, ${inForce.cause} ${at(inForce.from)})`,
      ],
      ['in force until', inForce?.until && at(inForce.until)],
      ['before it', previousAt && at(previousAt)],
      ['after it', nextAt && at(nextAt)],
      [
        'also there',
        others
          .map(({ generation, state, reason }) => `${reason ?? state} (generation ${generation})`)
          .join(', ') || undefined,
      ],
    ],
    style,
  )
  return [oneLine(title), oneLine(text), '', facts].join('\n')
}
