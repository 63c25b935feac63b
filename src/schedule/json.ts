/** A value that survives a trip through JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * `value` as it looks after a trip through JSON, with its size in bytes; `undefined` when JSON cannot carry it: a cycle,
 * a bigint, too deep a nesting, a `toJSON` that throws. An absent value is `null`.
 *
 * @param isStrict also refuses what JSON would leave out or change in silence: functions, symbols, NaN, Infinity
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

function refuseUnfaithful(_: string, value: unknown): unknown {
  const isUnfaithful = typeof value === 'function' || typeof value === 'symbol' || Number.isNaN(value)
  if (isUnfaithful || value === Infinity || value === -Infinity) throw new TypeError('JSON cannot carry this')
  return value
}
