import { open, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DriverError } from '../errors.ts'

/** Takes text piece by piece. */
export type Write = (text: string) => Promise<void>

/** How many characters are gathered before they are written. */
const WRITTEN_AT_ONCE = 64 * 1024

/**
 * Writes a file as a whole or not at all: what was there before is replaced when `work` has ended well, and stays
 * otherwise.
 *
 * @throws {DriverError} when it cannot be written
 */
export async function writingFile<T>(
  cwd: string,
  file: string,
  work: (write: Write) => Promise<T>,
): Promise<T> {
  const path = resolve(cwd, file)
  const partial = `${path}.${process.pid}.partial`
  const onFile = <R>(step: Promise<R>) =>
    step.catch((cause: unknown) => Promise.reject(cannotWrite(file, cause)))

  const handle = await onFile(open(partial, 'wx'))
  try {
    try {
      let waiting = ''
      const flush = async () => {
        const text = waiting
        waiting = ''
        await onFile(handle.writeFile(text))
      }
      const answer = await work(async (text) => {
        waiting += text
        if (waiting.length >= WRITTEN_AT_ONCE) await flush()
      })
      await flush()
      await onFile(handle.sync())
      await onFile(rename(partial, path))
      return answer
    } finally {
      await handle.close()
    }
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

function cannotWrite(file: string, cause: unknown): DriverError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new DriverError(`${file} cannot be written: ${message}`, { retryable: false, cause })
}
