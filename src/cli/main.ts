import { DriverError } from '../errors.ts'
import { EXIT } from './exit-status.ts'
import { Output } from './output/output.ts'
import { processTerminal } from './process-terminal.ts'
import { beforeDashes, run } from './run.ts'

/** Runs the command line of this process to its end, and ends the process. */
export async function main(): Promise<void> {
  const argv = process.argv.slice(2)
  const terminal = processTerminal()
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`carillon schedule list | head`) is no error.
    if (error.code === 'EPIPE') process.exit(EXIT.ok)

    const message = `standard output cannot be written: ${error.message}`
    const isJson = beforeDashes(argv).includes('--json')
    new Output(terminal, isJson).error(new DriverError(message, { retryable: false, cause: error }))
    process.exit(EXIT.failure)
  })

  const status = await run(argv, terminal)
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  // Ended on purpose: what a config file has opened would keep the process alive for ever.
  process.exit(status)
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}
