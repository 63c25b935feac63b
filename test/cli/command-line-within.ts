import { run } from '../../src/cli/run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import type { Ended } from './carillon.ts'
import { fakeTerminal } from './fake-terminal.ts'

/** As `commandLine`, but from source and within this process, which takes a hundredth of the time. */
export function commandLineWithin() {
  const folder = temporaryFolder()
  const runWithin = async (...argv: string[]): Promise<Ended> => {
    // A relative address would be meant from the folder of this process.
    const env = { CARILLON_DATABASE: `sqlite:${folder.file('carillon.db')}` }
    const terminal = fakeTerminal({ cwd: folder.path, env })
    const status = await run(argv, terminal)
    return { status, stdout: terminal.printed, stderr: terminal.complained }
  }
  return {
    folder,
    run: runWithin,

    /** Runs it with `--json`, and answers what it printed. */
    async json<T>(...argv: string[]): Promise<T> {
      const { status, stdout, stderr } = await runWithin('--json', ...argv)
      if (status !== 0) throw new Error(`carillon ${argv.join(' ')} ended with ${status}: ${stderr}`)
      return JSON.parse(stdout) as T
    },

    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}
