import { readdirSync, readFileSync } from 'node:fs'
import { until } from '../until.ts'

interface Status {
  readonly pid: number
  readonly parent: number
  /** One letter of proc(5): `T` is stopped, `Z` has ended and waits for its parent to ask how. */
  readonly state: string
}

/**
 * Ends a process and everything it has started at one blow, as a power cut would; resolves when all are gone.
 *
 * The parent is stopped before its children are counted, so that it starts no further one and cannot clean up behind
 * those that die first. Reads /proc, so it needs Linux.
 */
export async function killFamily(pid: number): Promise<void> {
  send(pid, 'SIGSTOP')
  await until(`process ${pid} has stopped`, () => {
    const state = readStatus(pid)?.state
    return state === 'T' || state === 'Z' || state === undefined
  })

  const family = [...descendants(pid), pid]
  for (const member of family) send(member, 'SIGKILL')
  await until(`the processes ${family.join(', ')} are gone`, () => !family.some(isAlive))
}

function descendants(pid: number): number[] {
  const everyone = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStatus(Number(name)) ?? [])

  const below = (parent: number): number[] =>
    everyone.filter((status) => status.parent === parent).flatMap((child) => [...below(child.pid), child.pid])
  return below(pid)
}

function isAlive(pid: number): boolean {
  const status = readStatus(pid)
  return status !== undefined && status.state !== 'Z'
}

function readStatus(pid: number): Status | undefined {
  let line: string
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }

  // "123 (a name (with) anything) S 1 …"
  const [state = '', parent = ''] = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return { pid, parent: Number(parent), state }
}

// Sends a signal, unless the process is gone already.
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
