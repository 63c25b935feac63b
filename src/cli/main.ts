import { processTerminal } from './process-terminal.ts'
import { run } from './run.ts'

/** Runs the command line of this process to its end, and ends the process. */
export async function main(): Promise<void> {
  // A reader that has seen enough (`carillon schedule list | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })

  const status = await run(process.argv.slice(2), processTerminal())
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  // Ended on purpose: what a config file has opened would keep the process alive for ever.
  process.exit(status)
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()))
}
