import { InvalidInputError } from '../errors.ts'
import { OCCURRENCE_ORIGINS, OCCURRENCE_STATES, SKIP_REASONS } from '../schedule/occurrence.ts'
import { didYouMean } from '../suggestion.ts'

const WORDS: Readonly<Record<string, readonly string[]>> = {
  states: OCCURRENCE_STATES,
  reasons: SKIP_REASONS,
  origins: OCCURRENCE_ORIGINS,
}

/** @throws {InvalidInputError} when one of the words is none of those that there are, or an error code is no text */
export function checkWords({
  errorCodes,
  ...given
}: Readonly<Record<'states' | 'reasons' | 'origins' | 'errorCodes', readonly string[] | undefined>>): void {
  for (const [path, words] of Object.entries(given)) {
    const known = WORDS[path]!
    const unknown = words?.find((word) => !known.includes(word))
    if (unknown === undefined) continue
    const hint = typeof unknown === 'string' ? didYouMean(unknown, known) : ''
    const message = `${path} has ${JSON.stringify(unknown)}, which is not one of ${known.join(', ')}`
    throw new InvalidInputError(message + hint, path)
  }
  const odd = errorCodes?.find((code) => typeof code !== 'string')
  if (odd !== undefined)
    throw new InvalidInputError(`errorCodes has ${JSON.stringify(odd)}, which is no text`, 'errorCodes')
}
