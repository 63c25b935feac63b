import { createHash } from 'node:crypto'

const LONGEST_NAME = 40
const HASH_LENGTH = 8

/** What a line of a crontab is known by, whatever its time is. */
export interface CrontabIdentity {
  readonly group: string | undefined
  readonly user: string | undefined
  /** All that stands behind the time, and the user. */
  readonly command: string
}

/**
 * Keys for the lines of one crontab: a few words of the command, and a hash of group, user and command. So a line keeps
 * its key when its time changes, when it is moved, and when other lines come and go; only lines with the same command
 * are told apart by their order, as `-2`, `-3`.
 */
export class CrontabKeys {
  readonly #taken = new Map<string, number>()

  next({ group, user, command }: CrontabIdentity): string {
    const content = JSON.stringify([group ?? null, user ?? null, command])
    const hash = createHash('sha256').update(content).digest('hex').slice(0, HASH_LENGTH)
    const key = `${nameOf(command)}-${hash}`
    const count = (this.#taken.get(key) ?? 0) + 1
    this.#taken.set(key, count)
    return count === 1 ? key : `${key}-${count}`
  }
}

/** The words of a command that fit: `pg-dump-fc-app` of `/usr/bin/pg_dump -Fc app`. */
function nameOf(command: string): string {
  // The folder of the program says less than what follows it.
  const text = command.replace(/^\S*\/(?=[^/\s])/, '').toLowerCase()
  let name = ''
  for (const word of text.match(/[a-z0-9]+/g) ?? []) {
    const longer = name === '' ? word.slice(0, LONGEST_NAME) : `${name}-${word}`
    if (longer.length > LONGEST_NAME) break
    name = longer
  }
  return name === '' ? 'command' : name
}
