import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Guard } from './guard.ts'
import { killFamily } from './process-family.ts'
import type { User } from './unprivileged-user.ts'

const startDeadlineMs = 60_000
const stopDeadlineMs = 30_000
const probeEveryMs = 10

interface ServerProcessOptions {
  /** What it is, for messages and the name of the folder. */
  readonly name: string
  /** Who runs it, when not we. */
  readonly user: User | undefined
  /** The signal that ends it for good, when nobody needs its data any more. */
  readonly dropSignal: NodeJS.Signals
}

/**
 * The process of a server with its temporary folder and its log. A guard ends it and removes the folder when we end
 * without having done so.
 */
export class ServerProcess implements AsyncDisposable {
  /** The temporary folder. It belongs to the user who runs the server, and goes with `stop()`. */
  readonly folder: string

  readonly #name: string
  readonly #user: User | undefined
  readonly #guard: Guard
  #child: ChildProcess | undefined
  #exit: Promise<string> | undefined
  #stopped: Promise<void> | undefined

  constructor({ name, user, dropSignal }: ServerProcessOptions) {
    this.#name = name
    this.#user = user
    this.folder = mkdtempSync(join(temporaryRoot(user), `carillon-${name.toLowerCase()}-`))
    if (user !== undefined) chownSync(this.folder, user.uid, user.gid)
    this.#guard = new Guard(this.folder, dropSignal)
  }

  /** The number of the running server process. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  file(...names: readonly string[]): string {
    return join(this.folder, ...names)
  }

  /** Runs a program to its end, such as the one that sets up the data folder. */
  async run(program: string, args: readonly string[]): Promise<void> {
    const how = await this.#spawn(program, args)
    if (how !== 'exit status 0') throw this.#failure(`${program} ended with ${how}`)
  }

  /**
   * Starts the server and waits until `isReady` says so. A rejection of `isReady` means "not yet".
   *
   * @throws {Error} with the end of the log when the process ends before, or when it takes a minute
   */
  async launch(program: string, args: readonly string[], isReady: () => Promise<boolean>): Promise<void> {
    let ended: string | undefined
    const exit = this.#spawn(program, args)
    void exit.then((how) => (ended = how))

    let cause: unknown
    const giveUpAt = Date.now() + startDeadlineMs
    for (;;) {
      const ready = await isReady().catch((error: unknown) => {
        cause = error
        return false
      })
      if (ended !== undefined) throw this.#failure(`it did not start: ${ended}`, cause)
      if (ready) return
      if (Date.now() > giveUpAt) throw this.#failure(`it was not ready in ${startDeadlineMs} ms`, cause)
      await new Promise((resolve) => setTimeout(resolve, probeEveryMs))
    }
  }

  /** Ends the process by a signal that it handles, and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const exit = this.#exit
    if (exit === undefined) return

    this.#child?.kill(signal)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, stopDeadlineMs, 'late')
    })
    const how = await Promise.race([exit, late]).finally(() => clearTimeout(timer))
    if (how === 'late') throw this.#failure(`it did not end in ${stopDeadlineMs} ms after ${signal}`)
  }

  /** Kills the process and all that it has started, at one blow. */
  async crash(): Promise<void> {
    if (this.pid === undefined) return
    const exit = this.#exit
    await killFamily(this.pid)
    await exit
  }

  /** Ends the process, if it runs, and removes the folder with all data. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#guard.dismiss()
    await this.#stopped
    // The guard has ended it, unless somebody has ended the guard.
    await this.end('SIGKILL')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  // Resolves to how the process ended, in words.
  #spawn(program: string, args: readonly string[]): Promise<string> {
    if (this.#stopped !== undefined) throw new Error(`${this.#name} has been stopped for good`)
    if (this.#child !== undefined) throw new Error(`${this.#name} already runs`)

    const log = openSync(this.#log, 'a')
    const options: SpawnOptions = {
      cwd: this.folder,
      // A session of its own: Ctrl-C ends the tests first, and they end the server.
      detached: true,
      // Nothing of the user's: neither PGOPTIONS nor a locale nor a zone may change what a test sees.
      env: { PATH: `${process.env['PATH']}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', log, log],
      ...this.#user,
    }
    const child = spawn(program, args, options)
    closeSync(log)
    this.#child = child
    this.#guard.watch(child.pid)

    const exit = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('exit', (status, signal) => resolve(signal ?? `exit status ${status}`))
    }).finally(() => {
      this.#child = undefined
      this.#exit = undefined
      this.#guard.watch(undefined)
    })
    this.#exit = exit
    return exit
  }

  get #log(): string {
    return this.file('log.txt')
  }

  #failure(what: string, cause?: unknown): Error {
    const tail = readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-40).join('\n')
    return new Error(`${this.#name}: ${what}\n--- the end of its log:\n${tail}`, { cause })
  }
}

// The folder for temporary ones; another user may be unable to enter that of the one who runs the tests.
function temporaryRoot(user: User | undefined): string {
  const own = tmpdir()
  return user === undefined || everybodyMayEnter(own) ? own : '/tmp'
}

function everybodyMayEnter(folder: string): boolean {
  const open = (statSync(folder).mode & 0o001) !== 0
  return open && (dirname(folder) === folder || everybodyMayEnter(dirname(folder)))
}
