import { z } from 'zod'
import { InvalidInputError } from '../errors.ts'
import { didYouMean } from '../suggestion.ts'
import { abbreviate } from './abbreviate.ts'
import { MAX_CAUGHT_UP } from './definition.ts'
import { OVERLAP_WORDS } from './overlap.ts'
import type { ScheduleInput } from './schedule-input.ts'

/** How many characters a key has at most, or another name. */
export const LONGEST_KEY = 255
const MOST_EXPRESSIONS = 50
const MOST_DATES = 1_000
const MOST_RUNNING = 100_000
const MOST_FAILURES = 1_000
const BACKOFF_OPTIONS = ['initial', 'factor', 'max', 'jitter']

const duration = z.union([z.number(), z.string()])
const instant = z.union([z.date(), z.string(), z.number()])
/** Not every database could keep a NUL, nor half a character, as it is. */
const plainText = z.string().refine((text) => !text.includes('\u0000') && text.isWellFormed(), {
  message: 'It holds a NUL character, or half of one that takes two',
})
/** Text of so many characters at most, and of one at least. */
export const shortText = (longest: number) => plainText.min(1).max(longest)

/** The parts of a schedule, each of its type. */
export const SCHEDULE_SHAPE = {
  key: shortText(LONGEST_KEY).optional(),
  group: shortText(LONGEST_KEY).optional(),
  job: shortText(LONGEST_KEY),
  payload: z.unknown().optional(),
  cron: z.unknown().optional(),
  except: z.array(z.string()).max(MOST_DATES).optional(),
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
  jitter: duration.optional(),
  retries: z.int().min(0).max(1_000).optional(),
  backoff: z
    .strictObject({
      initial: duration.optional(),
      factor: z.number().min(1).max(100).optional(),
      max: duration.optional(),
      jitter: z.number().min(0).max(1).optional(),
    })
    .optional(),
  pauseAfter: z.int().min(1).max(MOST_FAILURES).optional(),
  expectWithin: duration.optional(),
  overlap: z.enum(OVERLAP_WORDS).optional(),
  maxRunning: z.int().min(1).max(MOST_RUNNING).optional(),
  mutex: shortText(LONGEST_KEY).optional(),
  minimumBreak: duration.optional(),
  timeout: duration.optional(),
  queue: shortText(LONGEST_KEY).optional(),
  whenFinished: z.enum(['keep', 'remove']).optional(),
  note: z.string().max(4_000).optional(),
}
const schema = z.strictObject(SCHEDULE_SHAPE)

const catchUpShape = {
  within: duration,
  policy: z.enum(['all', 'latest']).optional(),
  max: z.int().min(1).max(MAX_CAUGHT_UP).optional(),
}
const oneExpression = z.string()
const manyExpressions = z.array(oneExpression).min(1).max(MOST_EXPRESSIONS)

const catchUpSchema = z.strictObject(catchUpShape)

/**
 * Checks that a schedule has the options that there are, each of its type.
 *
 * @throws {InvalidInputError} naming the first one that is wrong
 */
export function checkShape(input: ScheduleInput): void {
  refuseIssue(schema.safeParse(input).error, input, Object.keys(SCHEDULE_SHAPE), [])

  // A union of two forms would tell of neither what is wrong with it.
  const { cron, catchUp } = input
  const expressions = Array.isArray(cron) ? manyExpressions : oneExpression
  if (cron !== undefined) refuseIssue(expressions.safeParse(cron).error, cron, [], ['cron'])
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

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
