import type { Instant } from '../clock/clock.ts'
import { durationMs, type Duration } from '../clock/duration.ts'
import { InvalidInputError, InvalidPayloadError } from '../errors.ts'
import { checkShape } from './check-shape.ts'
import { MAX_CAUGHT_UP, type Backoff, type CatchUp, type Definition } from './definition.ts'
import { instantMs, isDate } from './instant-input.ts'
import { toJson } from './json.ts'
import type { Overlap } from './overlap.ts'
import type { Recurrence, RecurrenceSpec } from './recurrence.ts'
import type { BackoffInput, CatchUpInput, InstantInput, ScheduleInput } from './schedule-input.ts'
import { compileTiming } from './timing.ts'

/** A schedule as it is to be stored: checked, complete, with every default written out. */
export interface ResolvedSchedule {
  readonly group: string | null
  /** Whether it is to run; `undefined` when nothing is said about it, so that an operator's pause stays. */
  readonly active: boolean | undefined
  readonly definition: Definition
}

/** The same, ready to be planned from. */
export interface CompiledSchedule extends ResolvedSchedule {
  readonly recurrence: Recurrence
  /** The size of its payload as JSON. */
  readonly payloadBytes: number
}

const SHORTEST_INTERVAL_MS = 1_000
const SHORTEST_EXPECTATION_MS = 1_000
/**
 * Checks a schedule as callers give it and writes out its defaults. Also compiles the recurrence once, so that nothing
 * is stored that could not be planned.
 *
 * @param seed the schedule's identity, for `H` in a cron expression
 * @throws {InvalidInputError} naming the option that is wrong
 * @throws {CronSyntaxError | UnknownZoneError} when `cron` or `timezone` is
 */
export function resolveDefinition(input: ScheduleInput, seed: string): CompiledSchedule {
  checkShape(input)

  const payload = toJson(input.payload, true)
  if (payload === undefined) {
    throw new InvalidPayloadError(
      `the payload for job "${input.job}" cannot be written as JSON: it holds a function, a Map, NaN, a cycle or the like`,
      input.job,
    )
  }

  const definition: Definition = {
    recurrence: recurrenceOf(input),
    startsAt: optionalInstant(input.startsAt, 'startsAt'),
    endsAt: optionalInstant(input.endsAt, 'endsAt'),
    maxRuns: input.maxRuns ?? null,
    spreadMs: durationMs(input.spread ?? 0, 'spread'),
    jitterMs: durationMs(input.jitter ?? 0, 'jitter'),
    queue: input.queue ?? 'default',
    job: input.job,
    payload: payload.json,
    catchUp: catchUpOf(input.catchUp ?? 0),
    retries: input.retries ?? 0,
    backoff: backoffOf(input.backoff ?? {}),
    pauseAfter: input.pauseAfter ?? null,
    expectWithinMs: expectWithinOf(input.expectWithin),
    overlap: overlapOf(input),
    timeoutMs: timeoutOf(input.timeout),
    whenFinished: input.whenFinished ?? 'keep',
    note: input.note ?? null,
  }
  checkBounds(definition)
  const recurrence = compileTiming(definition, seed)

  const { group = null, active } = input
  return { group, active, definition, recurrence, payloadBytes: payload.bytes }
}

/** The input that resolves to this definition again; what a patch is laid over. */
export function definitionInput({ group, active, definition }: ResolvedSchedule): ScheduleInput {
  const { catchUp, backoff, overlap } = definition
  return {
    ...recurrenceInput(definition.recurrence),
    job: definition.job,
    payload: definition.payload,
    group: group ?? undefined,
    active,
    catchUp: { within: catchUp.withinMs, policy: catchUp.policy, max: catchUp.max },
    startsAt: definition.startsAt ?? undefined,
    endsAt: definition.endsAt ?? undefined,
    maxRuns: definition.maxRuns ?? undefined,
    spread: definition.spreadMs,
    jitter: definition.jitterMs,
    retries: definition.retries,
    backoff: backoffInput(backoff),
    pauseAfter: definition.pauseAfter ?? undefined,
    expectWithin: definition.expectWithinMs ?? undefined,
    ...overlapInput(overlap),
    timeout: definition.timeoutMs ?? undefined,
    queue: definition.queue,
    whenFinished: definition.whenFinished,
    note: definition.note ?? undefined,
  }
}

/** The input that resolves to this backoff again. */
export function backoffInput({ initialMs, factor, maxMs, jitter }: Backoff): BackoffInput {
  return { initial: initialMs, factor, max: maxMs, jitter }
}

function recurrenceInput(spec: RecurrenceSpec) {
  switch (spec.kind) {
    case 'cron':
      return {
        cron: spec.expressions,
        timezone: spec.timezone,
        dst: spec.dst,
        syntax: spec.syntax,
        except: spec.except,
      }
    case 'every':
      return { every: spec.everyMs, anchor: spec.anchor }
    case 'at':
      return { at: spec.at }
  }
}

function recurrenceOf(input: ScheduleInput): RecurrenceSpec {
  const given = (['cron', 'every', 'at'] as const).filter((name) => input[name] !== undefined)
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none was given' : `${given.join(' and ')} were given`
    throw new InvalidInputError(
      `a schedule has exactly one of cron, every and at; ${found}`,
      given[1] ?? 'cron',
    )
  }
  refuseForeignOptions(input, given[0]!)

  if (input.cron !== undefined) {
    const { cron, timezone = 'UTC', syntax = 'extended', dst = 'shift', except = [] } = input
    const expressions = typeof cron === 'string' ? [cron] : [...new Set(cron)]
    return { kind: 'cron', expressions, timezone, syntax, dst, except: datesOf(except) }
  }
  if (input.every !== undefined) return everyOf(input.every, input.anchor)
  return { kind: 'at', at: instantMs(input.at!, 'at') }
}

/** An option that belongs to another kind of recurrence would be ignored; better to say so. */
function refuseForeignOptions(input: ScheduleInput, kind: 'cron' | 'every' | 'at'): void {
  const owner = { timezone: 'cron', dst: 'cron', syntax: 'cron', except: 'cron', anchor: 'every' } as const
  for (const [option, ownerKind] of Object.entries(owner)) {
    if (ownerKind === kind || input[option as keyof typeof owner] === undefined) continue
    throw new InvalidInputError(`${option} goes with ${ownerKind}, and this schedule has ${kind}`, option)
  }
}

/** Rising and each once, so that the same set is stored as the same definition. */
function datesOf(except: readonly string[]): string[] {
  const wrong = except.find((date) => !isDate(date))
  if (wrong === undefined) return [...new Set(except)].sort()
  throw new InvalidInputError(
    `except holds ${JSON.stringify(wrong)}, which is not a date such as "2026-12-25"`,
    'except',
  )
}

function everyOf(every: Duration, anchor: InstantInput | undefined): RecurrenceSpec {
  const everyMs = durationMs(every, 'every')
  if (everyMs < SHORTEST_INTERVAL_MS) {
    throw new InvalidInputError(
      `every ${JSON.stringify(every)} is too short: the shortest interval is 1s`,
      'every',
    )
  }
  return { kind: 'every', everyMs, anchor: anchor === undefined ? 0 : instantMs(anchor, 'anchor') }
}

function catchUpOf(input: Duration | CatchUpInput): CatchUp {
  if (typeof input !== 'object')
    return { withinMs: durationMs(input, 'catchUp'), policy: 'all', max: MAX_CAUGHT_UP }

  const { within, policy = 'all', max } = input
  return { withinMs: durationMs(within, 'catchUp.within'), policy, max: max ?? MAX_CAUGHT_UP }
}

function backoffOf({ initial = 10_000, factor = 2, max = 600_000, jitter = 0 }: BackoffInput): Backoff {
  const initialMs = durationMs(initial, 'backoff.initial')
  return { initialMs, factor, maxMs: durationMs(max, 'backoff.max'), jitter }
}

/** Options that say how runs overlap would be ignored where all of them may. */
export const WITH_OVERLAP = ['maxRunning', 'mutex', 'minimumBreak'] as const

function overlapOf(input: ScheduleInput): Overlap | null {
  const { overlap: policy = 'allow', maxRunning = 1, mutex = null, minimumBreak = 0 } = input
  if (policy !== 'allow')
    return { policy, maxRunning, mutex, minimumBreakMs: durationMs(minimumBreak, 'minimumBreak') }

  const option = WITH_OVERLAP.find((name) => input[name] !== undefined)
  if (option === undefined) return null
  throw new InvalidInputError(
    `${option} goes with overlap skip, queue-one, queue-all or replace, which say what becomes of a run that finds no room`,
    option,
  )
}

function overlapInput(overlap: Overlap | null) {
  if (overlap === null) return {}
  const { policy, maxRunning, mutex, minimumBreakMs } = overlap
  return { overlap: policy, maxRunning, mutex: mutex ?? undefined, minimumBreak: minimumBreakMs }
}

function timeoutOf(timeout: Duration | undefined): number | null {
  if (timeout === undefined) return null

  const timeoutMs = durationMs(timeout, 'timeout')
  if (timeoutMs === 0)
    throw new InvalidInputError('timeout 0 would end every run at once; leave it out for none', 'timeout')
  return timeoutMs
}

function expectWithinOf(expectWithin: Duration | undefined): number | null {
  if (expectWithin === undefined) return null

  const withinMs = durationMs(expectWithin, 'expectWithin')
  if (withinMs >= SHORTEST_EXPECTATION_MS) return withinMs
  throw new InvalidInputError(
    `expectWithin ${JSON.stringify(expectWithin)} is too short: runs are looked for once a minute, so give 1s or more`,
    'expectWithin',
  )
}

function checkBounds({ startsAt, endsAt }: Definition): void {
  if (startsAt === null || endsAt === null || startsAt <= endsAt) return
  throw new InvalidInputError('endsAt is earlier than startsAt, so nothing would ever run', 'endsAt')
}

function optionalInstant(value: InstantInput | undefined, path: string): Instant | null {
  return value === undefined ? null : instantMs(value, path)
}
