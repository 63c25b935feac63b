import { readdirSync, readFileSync } from 'node:fs'

/** How many of the kernel's clock ticks make a second; Linux has the same everywhere. */
const TICKS = 100

interface Usage {
  readonly pid: number
  readonly parent: number
  readonly name: string
  /** Of the threads that it has, to the nanosecond. */
  readonly ownSeconds: number
  /** Of children that have ended, to the clock tick. */
  readonly formerSeconds: number
}

/** Processor time that processes and all that they have started took until now. Needs Linux. */
export function processorSeconds(pids: readonly number[]): number {
  const everybody = usages()
  const ofFamily = ({ pid, ownSeconds, formerSeconds }: Usage): number =>
    ownSeconds + formerSeconds + sum(everybody.filter(({ parent }) => parent === pid).map(ofFamily))
  return sum(everybody.filter(({ pid }) => pids.includes(pid)).map(ofFamily))
}

/** The processes with one of these names that this one has started. */
export function childrenNamed(...names: readonly string[]): number[] {
  return usages()
    .filter(({ parent, name }) => parent === process.pid && names.includes(name))
    .map(({ pid }) => pid)
}

function usages(): Usage[] {
  return numbersIn('/proc').flatMap((pid) => {
    try {
      return usageOf(pid)
    } catch {
      // It has just ended.
      return []
    }
  })
}

/** @see proc(5), /proc/pid/stat and /proc/pid/schedstat */
function usageOf(pid: number): Usage {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const afterName = line.lastIndexOf(')')
  const fields = line.slice(afterName + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  const threads = numbersIn(`/proc/${pid}/task`).map((thread) => {
    const [nanoseconds] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')
    return Number(nanoseconds) / 1e9
  })
  return {
    pid,
    name: line.slice(line.indexOf('(') + 1, afterName),
    parent: field(4),
    ownSeconds: sum(threads),
    formerSeconds: (field(16) + field(17)) / TICKS,
  }
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
