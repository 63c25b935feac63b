import { isDeepStrictEqual } from 'node:util'

/** One field that two definitions have differently, in the words of `schedule()`. */
export interface FieldChange {
  /** Where it is, with dots: `cron`, `catchUp.within`, `payload.user.id`. */
  readonly path: string
  /** `undefined` where there was nothing. */
  readonly before: unknown
  readonly after: unknown
}

/** A key with a dot, or an empty one, is quoted, so that each path names one field. */
const PLAIN = /^[^."[\]]+$/

/**
 * What differs between two schedules as they would be given to `schedule()`: field by field, those of objects one by one,
 * lists as a whole. Fields that are absent and fields that are `undefined` are the same.
 */
export function diffInputs(before: object, after: object, prefix = ''): FieldChange[] {
  const [old, present] = [before as Record<string, unknown>, after as Record<string, unknown>]
  const names = new Set([...Object.keys(old), ...Object.keys(present)])
  return [...names].flatMap((name): FieldChange[] => {
    const [a, b] = [valueOf(old, name), valueOf(present, name)]
    if (isDeepStrictEqual(a, b)) return []
    const path = prefix + (PLAIN.test(name) ? name : JSON.stringify(name))
    if (isPlainObject(a) && isPlainObject(b)) return diffInputs(a, b, `${path}.`)
    return [{ path, before: a, after: b }]
  })
}

function valueOf(fields: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !(value instanceof Date)
}
