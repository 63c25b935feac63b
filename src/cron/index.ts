/** Text → fields → next and previous instants in a zone. Pure: it reads no clock and stands on no dependency. */
export { CronExpression, type CronOptions } from './cron-expression.ts'
export type { CronFinding } from './diagnose.ts'
export { DST_RULES, type DstChoice, type DstRule, type GapRule, type OverlapRule } from './dst-rule.ts'
export type { CronSyntax } from './parse-expression.ts'
export type { CronOccurrence } from './occurrence-at.ts'
