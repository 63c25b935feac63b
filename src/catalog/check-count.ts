import { InvalidInputError } from '../errors.ts'

/** @throws {InvalidInputError} when it is not a whole number from 1 to 10,000 */
export function checkCount(count: number, path: string): void {
  if (Number.isInteger(count) && count >= 1 && count <= 10_000) return
  throw new InvalidInputError(`${path} ${count} is not a whole number from 1 to 10,000`, path)
}
