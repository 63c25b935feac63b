/** A value that survives a trip through JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * `value` as it looks after a trip through JSON, with its size in bytes; `undefined` when JSON cannot carry it: a cycle,
 * a bigint, too deep a nesting, a `toJSON` that throws. An absent value is `null`.
 *
 * @param isStrict also refuses what JSON would leave out or change in silence: functions, symbols, NaN, a Map, holes in
 * an array. What has a `toJSON`, such as a Date, is what that answers
 */
export function toJson(value: unknown, isStrict = false): { json: Json; bytes: number } | undefined {
  if (value === undefined) return { json: null, bytes: 4 }

  const text = stringify(value, isStrict)
  return text === undefined ? undefined : { json: JSON.parse(text) as Json, bytes: Buffer.byteLength(text) }
}

/** Whatever a foreign object throws while it is read, the answer is the same: it cannot be written. */
function stringify(value: unknown, isStrict: boolean): string | undefined {
  try {
    return JSON.stringify(value, isStrict ? refuseUnfaithful : undefined)
  } catch {
    return undefined
  }
}

function refuseUnfaithful(this: unknown, _: string, value: unknown): unknown {
  if (!isFaithful(value, Array.isArray(this))) throw new TypeError('JSON cannot carry this')
  return value
}

function isFaithful(value: unknown, isInArray: boolean): boolean {
  switch (typeof value) {
    case 'function':
    case 'symbol':
      return false
    case 'undefined':
      return !isInArray
    case 'number':
      return Number.isFinite(value)
    case 'object':
      return value === null || Array.isArray(value) || isPlain(value)
    default:
      return true
  }
}

/** A Map, a Set or an instance of a class would come out as something else. (A Date has become text by now.) */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}
