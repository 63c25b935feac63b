/** A value that survives a trip through JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * `value` as it looks after a trip through JSON, with its size in bytes; `undefined` when JSON cannot carry it
 * (a function, a symbol, a bigint, a cycle). An absent value is `null`.
 */
export function toJson(value: unknown): { json: Json; bytes: number } | undefined {
  if (value === undefined) return { json: null, bytes: 4 }

  const text = stringify(value)
  return text === undefined ? undefined : { json: JSON.parse(text) as Json, bytes: Buffer.byteLength(text) }
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
