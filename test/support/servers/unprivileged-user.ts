import { readFileSync } from 'node:fs'

/** The numbers of a user, as `spawn` and `chown` take them. */
export interface User {
  readonly uid: number
  readonly gid: number
}

/**
 * The first of these users that the machine has, when we are root; `undefined` when we are not, and need no other.
 *
 * PostgreSQL and MariaDB refuse to run as root.
 */
export function unprivilegedUser(...names: readonly string[]): User | undefined {
  if (process.getuid?.() !== 0) return undefined

  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of names) {
    const [, , uid, gid] = users.find(([user]) => user === name) ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(
    `a database server refuses to run as root, and none of the users ${names.join(', ')} exists`,
  )
}
