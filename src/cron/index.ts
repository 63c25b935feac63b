/**
 * Text → fields → next and previous instants in a zone. Pure: it reads no clock, and stands on nothing but `Intl`.
 * `describe` alone has a dependency, which is loaded when it is first asked.
 */
export { CronExpression, type CronOptions } from './cron-expression.ts'
export type { CronSyntax } from './parse-expression.ts'
export { DST_RULES, type DstChoice, type DstRule, type GapRule, type OverlapRule } from './dst-rule.ts'
export type { CronOccurrence } from './occurrence-at.ts'
export type { CronFinding } from './diagnose.ts'
export { CronSyntaxError, InvalidInputError, UnknownZoneError } from '../errors.ts'
