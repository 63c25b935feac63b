import { InvalidInputError } from '../../errors.ts'
import { abbreviate } from '../../schedule/abbreviate.ts'
import { TOKEN_SCOPES, type TokenScope } from '../../store/token-table.ts'
import { didYouMean } from '../../suggestion.ts'

const LONGEST_NAME = 255
/** How many groups, or jobs, a token may be limited to. */
export const MOST_NAMES = 100

/** What a token may have limits of; what is left out is not limited. */
export interface TokenLimits {
  readonly namespace?: string | undefined
  readonly groups?: readonly string[] | undefined
  readonly jobs?: readonly string[] | undefined
}

/** The same, with nothing left out: `null` for what is not limited. */
export interface CheckedLimits {
  readonly namespace: string | null
  readonly groups: readonly string[] | null
  readonly jobs: readonly string[] | null
}

/**
 * Refuses options that there are not: a limit that is misspelt would be no limit.
 *
 * @throws {InvalidInputError} naming the first one
 */
export function checkOptions(given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new InvalidInputError(`unknown option "${unknown}"${didYouMean(unknown, known)}`, unknown)
}

/** @throws {InvalidInputError} when it is none of the scopes */
export function checkScope(scope: unknown): TokenScope {
  const found = TOKEN_SCOPES.find((known) => known === scope)
  if (found !== undefined) return found
  const hint = typeof scope === 'string' ? didYouMean(scope, TOKEN_SCOPES) : ''
  throw new InvalidInputError(
    `scope ${abbreviate(scope)} is not one of ${TOKEN_SCOPES.join(', ')}${hint}`,
    'scope',
  )
}

/** @throws {InvalidInputError} when it is no text that every database could keep in a column of names */
export function checkName(name: unknown, path: string): string {
  if (isName(name)) return name
  throw new InvalidInputError(
    `${path} ${abbreviate(name)} is not a text of 1 to ${LONGEST_NAME} characters without NUL characters`,
    path,
  )
}

/** @throws {InvalidInputError} when a name is none, a list has none or too many, or a part of all namespaces is meant */
export function checkLimits({ namespace, groups, jobs }: TokenLimits): CheckedLimits {
  const limits = {
    namespace: namespace === undefined ? null : checkName(namespace, 'namespace'),
    groups: checkNames(groups, 'groups'),
    jobs: checkNames(jobs, 'jobs'),
  }
  if (limits.namespace === null && (limits.groups !== null || limits.jobs !== null))
    throw new InvalidInputError(
      'namespace is missing: groups and jobs are those of one namespace, so name it',
      'namespace',
    )
  return limits
}

function checkNames(names: unknown, path: string): readonly string[] | null {
  if (names === undefined) return null
  if (!Array.isArray(names) || names.length === 0 || names.length > MOST_NAMES)
    throw new InvalidInputError(`${path} is not a list of 1 to ${MOST_NAMES} names`, path)
  return [...new Set(names.map((name: unknown) => checkName(name, path)))]
}

/** Whether it is a text that every database could keep in a column of names. */
export function isName(name: unknown): name is string {
  if (typeof name !== 'string' || name === '' || name.length > LONGEST_NAME) return false
  return !name.includes('\u0000') && name.isWellFormed()
}
