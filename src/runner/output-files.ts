import { createWriteStream, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Logger } from '../logger.ts'
import type { TaskOutput } from '../task/fluent/task.ts'

/** The files that a run's output goes to, while it comes. One that cannot be written is told of, and changes nothing. */
export class OutputFiles {
  readonly #files: readonly { readonly stream: WriteStream; readonly end: Promise<void> }[]

  constructor(outputs: readonly TaskOutput[], logger: Logger) {
    this.#files = outputs.flatMap((output) => {
      if (output.kind !== 'file') return []
      const { file, appends } = output
      const stream = createWriteStream(file, { flags: appends ? 'a' : 'w' })
      const end = finished(stream).catch((error: unknown) =>
        logger.error({ error, file }, 'the output of a task could not be written'),
      )
      return [{ stream, end }]
    })
  }

  write(chunk: Buffer | string): void {
    for (const { stream } of this.#files) if (stream.writable) stream.write(chunk)
  }

  /** Resolves when all of it is written. */
  async end(): Promise<void> {
    for (const { stream } of this.#files) stream.end()
    await Promise.all(this.#files.map(({ end }) => end))
  }
}
