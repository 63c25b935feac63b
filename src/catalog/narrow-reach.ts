import { InvalidInputError } from '../errors.ts'
import { EVERYTHING, type Reach } from '../store/reach.ts'

/** What is reached of a reach by one who may have only this of it. */
export function narrowed(
  reach: Reach,
  { groups, jobs }: { groups?: readonly string[] | undefined; jobs?: readonly string[] | undefined },
): Reach {
  if (groups === undefined && jobs === undefined) return reach
  return {
    groups: both(reach.groups, groups, 'groups'),
    jobs: both(reach.jobs, jobs, 'jobs'),
  }
}

/**
 * Says that a pause of many would touch what is out of reach.
 *
 * @throws {InvalidInputError} when it would
 */
export function checkManyReached(reach: Reach = EVERYTHING, group: string | undefined): void {
  if (reach.jobs !== null)
    throw new InvalidInputError(
      'many are paused by their group, and not all of a group is within reach here: pause them one by one',
      'group',
    )
  if (reach.groups === null || (group !== undefined && reach.groups.includes(group))) return
  throw new InvalidInputError('not all of this is within reach here: name a group that is', 'group')
}

function both(
  before: readonly string[] | null,
  given: readonly string[] | undefined,
  path: string,
): readonly string[] | null {
  if (given === undefined) return before
  if (given.length === 0) throw new InvalidInputError(`${path} is a list of one or more`, path)
  return before === null ? [...given] : given.filter((name) => before.includes(name))
}
