import { CarillonError } from '../errors.ts'

/** What reading a stored schedule gives; `undefined` when it is damaged, or cannot be planned with this release. */
export function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof CarillonError) return undefined
    throw error
  }
}
