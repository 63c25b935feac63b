import { createReadStream } from 'node:fs'
import { extname, resolve } from 'node:path'
import { InvalidInputError } from '../errors.ts'
import type { Terminal } from './terminal.ts'

export type ExchangeFormat = 'crontab' | 'json'

/** More than a hundred thousand schedules with large payloads; all of it is read before anything is written. */
const LARGEST_BYTES = 256 * 1024 * 1024

/**
 * The text of a file, or of standard input for `-`.
 *
 * @throws {InvalidInputError} when it cannot be read, or is no text
 */
export async function readSource(file: string, { cwd, stdin }: Terminal): Promise<string> {
  const name = file === '-' ? 'standard input' : file
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of file === '-' ? stdin : createReadStream(resolve(cwd, file))) {
      chunks.push(chunk as Uint8Array)
      size += (chunk as Uint8Array).length
      if (size > LARGEST_BYTES) break
    }
  } catch (cause) {
    throw new InvalidInputError(`${name} cannot be read: ${reasonOf(cause)}`, 'file', { cause })
  }
  if (size > LARGEST_BYTES)
    throw new InvalidInputError(`${name} has more than ${LARGEST_BYTES / 1024 ** 2} MiB: split it`, 'file')
  return decode(Buffer.concat(chunks), name)
}

/** What a text is: by the name of its file, else by how it begins. No line of a crontab begins with a brace or a bracket. */
export function guessFormat(file: string, text: string): ExchangeFormat {
  return extname(file).toLowerCase() === '.json' || /^\s*[{[]/.test(text) ? 'json' : 'crontab'
}

function decode(bytes: Buffer, name: string): string {
  const refuse = (problem: string, cause?: unknown) =>
    new InvalidInputError(`${name} is no text: ${problem}`, 'file', { cause })
  if (bytes.includes(0)) throw refuse('it holds NUL characters')
  try {
    // A byte order mark is left away.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw refuse('it is not UTF-8; convert it first, with iconv -f LATIN1 -t UTF-8, say', cause)
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a folder'
  return cause instanceof Error ? cause.message : String(cause)
}
