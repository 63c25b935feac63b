import { ConfigError } from '../errors.ts'

export interface DatabaseAddress {
  readonly kind: 'sqlite'
  /** The path of the file, or `:memory:`. */
  readonly file: string
}

/**
 * What a database address says.
 *
 * @throws {ConfigError} when it is not of a known form
 */
export function parseAddress(address: string): DatabaseAddress {
  const file = /^sqlite:(?<file>.+)$/s.exec(address)?.groups?.file
  if (file !== undefined && !file.includes('\u0000')) return { kind: 'sqlite', file: fromUrl(file) }

  throw new ConfigError(
    `"${withoutPassword(address)}" is not a database address: give sqlite:<file>, as in sqlite:./carillon.db`,
  )
}

/** `sqlite:///var/lib/x.db` is the URL form of `sqlite:/var/lib/x.db`. */
function fromUrl(file: string): string {
  return file.startsWith('///') ? file.slice(2) : file
}

function withoutPassword(address: string): string {
  return address.replace(/:\/\/[^@/]*@/, '://…@')
}
