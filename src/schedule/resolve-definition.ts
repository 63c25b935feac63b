import { z } from 'zod'
import type { Instant } from '../clock/clock.ts'
import { durationMs, type Duration } from '../clock/duration.ts'
import { InvalidInputError, InvalidPayloadError } from '../errors.ts'
import { didYouMean } from '../suggestion.ts'
import type { Backoff, CatchUp, Definition } from './definition.ts'
import { toJson } from './json.ts'
import type { RecurrenceSpec } from './recurrence.ts'
import type { BackoffInput, CatchUpInput, InstantInput, ScheduleInput } from './schedule-input.ts'
import { compileTiming } from './timing.ts'

/** A schedule as it is to be stored: checked, complete, with every default written out. */
export interface ResolvedSchedule {
  readonly group: string | null
  readonly active: boolean
  readonly definition: Definition
}

const BACKOFF_OPTIONS = ['initial', 'factor', 'max']
const SHORTEST_INTERVAL_MS = 1_000
const LONGEST_KEY = 255
/** The last instant that cron fields reach, 2199-12-31T23:59:59.999Z: nothing is planned beyond it. */
const LAST_INSTANT = Date.UTC(2200, 0, 1) - 1

/** How many missed occurrences one schedule catches up at most, so that a long absence does not end in a flood. */
const MAX_CAUGHT_UP = 10_000

const duration = z.union([z.number(), z.string()])
const instant = z.union([z.date(), z.string(), z.number()])
const shortText = (longest: number) => z.string().min(1).max(longest)

const shape = {
  key: shortText(LONGEST_KEY).optional(),
  group: shortText(LONGEST_KEY).optional(),
  job: shortText(LONGEST_KEY),
  payload: z.unknown().optional(),
  cron: z.string().optional(),
  timezone: z.string().optional(),
  dst: z.enum(['shift', 'vixie', 'skip', 'literal']).optional(),
  syntax: z.enum(['standard', 'extended']).optional(),
  every: duration.optional(),
  anchor: instant.optional(),
  at: instant.optional(),
  active: z.boolean().optional(),
  catchUp: z.unknown().optional(),
  startsAt: instant.optional(),
  endsAt: instant.optional(),
  maxRuns: z.int().min(1).optional(),
  spread: duration.optional(),
  retries: z.int().min(0).max(1_000).optional(),
  backoff: z
    .strictObject({
      initial: duration.optional(),
      factor: z.number().min(1).max(100).optional(),
      max: duration.optional(),
    })
    .optional(),
  timeout: duration.optional(),
  queue: shortText(LONGEST_KEY).optional(),
  note: z.string().max(4_000).optional(),
}
const schema = z.strictObject(shape)

const catchUpShape = {
  within: duration,
  policy: z.enum(['all', 'latest']).optional(),
  max: z.int().min(1).max(MAX_CAUGHT_UP).optional(),
}
const catchUpSchema = z.strictObject(catchUpShape)

/**
 * Checks a schedule as callers give it and writes out its defaults. Also compiles the recurrence once, so that nothing
 * is stored that could not be planned.
 *
 * @param seed the schedule's identity, for `H` in a cron expression
 * @throws {InvalidInputError} naming the option that is wrong
 * @throws {CronSyntaxError | UnknownZoneError} when `cron` or `timezone` is
 */
export function resolveDefinition(input: ScheduleInput, seed: string): ResolvedSchedule {
  checkShape(input)

  const payload = toJson(input.payload, true)
  if (payload === undefined) {
    throw new InvalidPayloadError(`the payload for job "${input.job}" cannot be written as JSON`, input.job)
  }

  const definition: Definition = {
    recurrence: recurrenceOf(input),
    startsAt: optionalInstant(input.startsAt, 'startsAt'),
    endsAt: optionalInstant(input.endsAt, 'endsAt'),
    maxRuns: input.maxRuns ?? null,
    spreadMs: durationMs(input.spread ?? 0, 'spread'),
    queue: input.queue ?? 'default',
    job: input.job,
    payload: payload.json,
    catchUp: catchUpOf(input.catchUp ?? 0),
    retries: input.retries ?? 0,
    backoff: backoffOf(input.backoff ?? {}),
    timeoutMs: timeoutOf(input.timeout),
    note: input.note ?? null,
  }
  checkBounds(definition)
  compileTiming(definition, seed)

  return { group: input.group ?? null, active: input.active ?? true, definition }
}

/** The input that resolves to this definition again; what a patch is laid over. */
export function definitionInput({ group, active, definition }: ResolvedSchedule): ScheduleInput {
  const { catchUp, backoff } = definition
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
    retries: definition.retries,
    backoff: { initial: backoff.initialMs, factor: backoff.factor, max: backoff.maxMs },
    timeout: definition.timeoutMs ?? undefined,
    queue: definition.queue,
    note: definition.note ?? undefined,
  }
}

function recurrenceInput(spec: RecurrenceSpec) {
  switch (spec.kind) {
    case 'cron':
      return { cron: spec.expression, timezone: spec.timezone, dst: spec.dst, syntax: spec.syntax }
    case 'every':
      return { every: spec.everyMs, anchor: spec.anchor }
    case 'at':
      return { at: spec.at }
  }
}

function checkShape(input: ScheduleInput): void {
  refuseIssue(schema.safeParse(input).error, input, Object.keys(shape), [])

  // A union of both forms would tell of neither what is wrong with it.
  const { catchUp } = input
  if (catchUp === undefined || typeof catchUp === 'number' || typeof catchUp === 'string') return
  refuseIssue(catchUpSchema.safeParse(catchUp).error, catchUp, Object.keys(catchUpShape), ['catchUp'])
}

function refuseIssue(
  error: z.ZodError | undefined,
  input: unknown,
  known: readonly string[],
  prefix: readonly string[],
): void {
  const issue = error?.issues[0]
  if (issue === undefined) return

  const path = [...prefix, ...issue.path.map(String)].join('.')
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    const within = issue.path.length === 0 ? known : BACKOFF_OPTIONS
    throw new InvalidInputError(`unknown option "${key}"${didYouMean(key, within)}`, key)
  }
  if (path === '')
    throw new InvalidInputError('a schedule is an object with a job and one of cron, every, at', path)

  const given = valueAt(input, issue.path)
  const shown = given === undefined ? 'is missing' : `${abbreviate(given)} is not right`
  throw new InvalidInputError(`${path} ${shown}: ${lowerFirst(issue.message)}`, path)
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const name of path) value = (value as Record<PropertyKey, unknown>)[name]
  return value
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
    const { cron, timezone = 'UTC', syntax = 'extended', dst = 'shift' } = input
    return { kind: 'cron', expression: cron, timezone, syntax, dst }
  }
  if (input.every !== undefined) return everyOf(input.every, input.anchor)
  return { kind: 'at', at: instantMs(input.at!, 'at') }
}

/** An option that belongs to another kind of recurrence would be ignored; better to say so. */
function refuseForeignOptions(input: ScheduleInput, kind: 'cron' | 'every' | 'at'): void {
  const owner = { timezone: 'cron', dst: 'cron', syntax: 'cron', anchor: 'every' } as const
  for (const [option, ownerKind] of Object.entries(owner)) {
    if (ownerKind === kind || input[option as keyof typeof owner] === undefined) continue
    throw new InvalidInputError(`${option} goes with ${ownerKind}, and this schedule has ${kind}`, option)
  }
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

function backoffOf({ initial = '10s', factor = 2, max = '10m' }: BackoffInput): Backoff {
  return { initialMs: durationMs(initial, 'backoff.initial'), factor, maxMs: durationMs(max, 'backoff.max') }
}

function timeoutOf(timeout: Duration | undefined): number | null {
  if (timeout === undefined) return null

  const timeoutMs = durationMs(timeout, 'timeout')
  if (timeoutMs === 0)
    throw new InvalidInputError('timeout 0 would end every run at once; leave it out for none', 'timeout')
  return timeoutMs
}

function checkBounds({ startsAt, endsAt }: Definition): void {
  if (startsAt === null || endsAt === null || startsAt <= endsAt) return
  throw new InvalidInputError('endsAt is earlier than startsAt, so nothing would ever run', 'endsAt')
}

function optionalInstant(value: InstantInput | undefined, path: string): Instant | null {
  return value === undefined ? null : instantMs(value, path)
}

/**
 * The epoch milliseconds of an instant as callers give it.
 *
 * @throws {InvalidInputError} when it is no instant, or text without an offset, whose meaning would depend on the server
 */
export function instantMs(value: InstantInput, path: string): Instant {
  const ms = typeof value === 'string' ? isoMs(value) : value.valueOf()
  if (Number.isFinite(ms) && Math.abs(ms) <= LAST_INSTANT) return Math.round(ms)

  throw new InvalidInputError(
    `${path} ${abbreviate(value)} is not an instant: give a Date, epoch milliseconds, or text such as "2026-03-29T02:30:00Z"`,
    path,
  )
}

function isoMs(text: string): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.exec(text)
  if (match === null) return Number.NaN

  // Date.parse would take the 30th of February for the 2nd of March.
  const [year, month, day] = match.slice(1, 4).map(Number) as [number, number, number]
  const isRealDay = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day
  return isRealDay ? Date.parse(text) : Number.NaN
}

function abbreviate(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
