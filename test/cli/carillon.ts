import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

export const ROOT = join(import.meta.dirname, '../..')
export const BIN = join(ROOT, 'dist/cli/bin.js')

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder of its own, in which the built command line runs as users start it. */
export function commandLine() {
  if (!existsSync(BIN)) throw new Error(`${BIN} is missing: npm run build`)
  const folder = temporaryFolder()
  const children = new Set<ChildProcess>()

  const start = (argv: readonly string[], program = process.execPath) => {
    const child = spawn(program, [BIN, ...argv], {
      cwd: folder.path,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    return new RunningCli(child, argv)
  }
  return {
    folder,
    start,

    /** Runs it to its end. */
    run: (...argv: string[]): Promise<Ended> => start(argv).ended,

    /** Runs it with `--json` to its end, and answers what it printed. */
    async json<T>(...argv: string[]): Promise<T> {
      const { status, stdout, stderr } = await start(['--json', ...argv]).ended
      if (status !== 0) throw new Error(`carillon ${argv.join(' ')} ended with ${status}: ${stderr}`)
      return JSON.parse(stdout) as T
    },

    [Symbol.dispose]() {
      for (const child of children) child.kill('SIGKILL')
      folder[Symbol.dispose]()
    },
  }
}

/** A command line that runs on until it is told to stop. */
export class RunningCli {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''
  readonly #name: string

  constructor(child: ChildProcess, argv: readonly string[]) {
    this.child = child
    this.#name = `carillon ${argv.join(' ')}`
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status) => resolve({ status, stdout: this.stdout, stderr: this.stderr }))
    })
  }

  /** Waits until standard output or standard error shows `text`. */
  async shows(text: string | RegExp): Promise<void> {
    await until(`${this.#name} shows ${String(text)}`, () => {
      if (this.child.exitCode !== null) throw new Error(`${this.#name} ended: ${this.stdout}${this.stderr}`)
      const shown = this.stdout + this.stderr
      return typeof text === 'string' ? shown.includes(text) : text.test(shown)
    })
  }

  interrupt(signal: NodeJS.Signals = 'SIGINT'): void {
    this.child.kill(signal)
  }
}

/** That of the tests, without what would point the command line elsewhere. */
function environment(): NodeJS.ProcessEnv {
  const { CARILLON_DATABASE: _database, CARILLON_DEBUG: _debug, ...env } = process.env
  return { ...env, TZ: 'UTC', NO_COLOR: '1' }
}
