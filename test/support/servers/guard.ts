import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'

// Reads the number of the process to end, one a line; the end of the input is the order to end it.
const script = `
folder=$1 signal=$2 pid=
trap '' INT TERM HUP QUIT
while read -r line; do pid=$line; done

# One that has ended may wait long for its new parent to notice.
runs() { kill -0 "$pid" 2>/dev/null && ! grep -qs '^State:.*Z' "/proc/$pid/status"; }
gone_after() { tries=$1; while runs; do tries=$((tries - 1)); [ "$tries" -gt 0 ] || return 1; sleep 0.02; done; }

if [ -n "$pid" ] && kill -s "$signal" "$pid" 2>/dev/null; then
  gone_after 250 || { kill -s KILL "$pid"; gone_after 50; }
fi
rm -rf "$folder" 2>/dev/null || { sleep 1; rm -rf "$folder"; }
`

/**
 * A small shell process beside a server, which ends the server and removes its folder as soon as the process that
 * started them is gone, in whatever way: a regular end, an exception, Ctrl-C, even SIGKILL.
 *
 * It sees that by a pipe which only we hold open. It runs in a session of its own, so that no signal meant for us
 * reaches it.
 */
export class Guard {
  readonly #shell: ChildProcess
  readonly #gone: Promise<void>

  /** @param signal how to end the watched process; SIGKILL follows after five seconds */
  constructor(folder: string, signal: NodeJS.Signals) {
    const args = ['-c', script, 'guard', folder, signal.replace(/^SIG/, '')]
    this.#shell = spawn('/bin/sh', args, { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
    this.#gone = new Promise((resolve, reject) => {
      this.#shell.once('exit', () => resolve())
      this.#shell.once('error', reject)
    })
    this.#gone.catch(() => {})

    this.#shell.unref()
    this.#input.unref()
    this.#input.on('error', () => {})
  }

  /** From now on it is this process that has to end; `undefined` when there is none. */
  watch(pid: number | undefined): void {
    this.#input.write(`${pid ?? ''}\n`)
  }

  /** Ends the watched process and removes the folder, as if we were gone; resolves when both are. */
  async dismiss(): Promise<void> {
    this.#shell.ref()
    this.#input.end()
    await this.#gone
  }

  get #input(): Socket {
    return this.#shell.stdin as Socket
  }
}
