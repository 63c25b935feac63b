import { expect } from 'vitest'
import { isWaiting, type Entry, type Fate, type Model } from './ledger-model.ts'
import { fails, RETRY_MS, type Call } from './mortal-process.ts'
import { time, type World } from './support.ts'

/** A row of the ledger, as far as it is about runs. */
export interface RunRow extends Entry {
  /** `generation@instant`. */
  readonly name: string
  /** As handlers are told it. */
  readonly id: string
  readonly origin: string
  readonly nominalAt: number
  readonly dueAt: number
  /** How many of its attempts ended with their process. */
  readonly lost: number
  /** Until when a process holds it. */
  readonly heldUntil: number | undefined
}

/** What a worker was there for. */
export interface Shift {
  readonly from: number
  readonly until: number
  /** Whether it died. */
  readonly isCrash: boolean
  readonly calls: readonly Call[]
}

/** How long after a lease has run out at the latest whoever is alive has taken it back. */
const REAPED_AFTER_MS = 11_000
/** How many leases of an occurrence run out before it counts as failed. */
const MOST_LOST = 5

export async function runRows(world: World, namespace: string): Promise<RunRow[]> {
  const rows = await world.sql(
    `select o.* from carillon_occurrences o join carillon_schedules s on s.id = o.schedule_id
     where s.namespace = ? and o.missed_until is null order by o.nominal_at, o.generation`,
    namespace,
  )
  return rows.map((row) => {
    const [generation, nominalAt] = [Number(row['generation']), Number(row['nominal_at'])]
    const origin = String(row['origin'])
    return {
      name: `${generation}@${nominalAt}`,
      id: `${Number(row['schedule_id'])}-${generation}-${nominalAt}`,
      origin,
      fate: row['state'] === 'planned' ? planned(origin) : ((row['reason'] ?? row['state']) as Fate),
      attempt: Number(row['attempt']),
      nominalAt,
      dueAt: Number(row['due_at']),
      lost: Number(row['lost']),
      heldUntil: row['lease_until'] === null ? undefined : Number(row['lease_until']),
      endedAt: row['finished_at'] === null ? undefined : Number(row['finished_at']),
    }
  })
}

/** Whether a process holds any of them, or held it when it died. */
export function isAnyHeld(rows: readonly RunRow[]): boolean {
  return rows.some(({ heldUntil }) => heldUntil !== undefined)
}

/** Checks what became of each row while a worker was there, and has the model go on from it. */
export function checkShift(
  model: Model,
  before: readonly RunRow[],
  after: readonly RunRow[],
  shift: Shift,
): void {
  expect(
    after.map(({ name }) => name),
    'a worker neither writes nor removes rows',
  ).toEqual(before.map(({ name }) => name))
  const { from, until, isCrash } = shift
  for (const [i, row] of before.entries()) {
    const { name, dueAt, heldUntil = 0 } = row
    const was = `${textOf(row)}, due ${time(dueAt)}, held until ${time(heldUntil)}`
    const where = `${name} was ${was}; a worker ${isCrash ? 'died' : 'was there'} from ${time(from)} to ${time(until)}`
    expect(mayBe(courseOf(row, model, from), shift), where).toContain(textOf(after[i]!))
    const { fate, attempt, endedAt } = after[i]!
    model.entries.set(name, { fate, attempt, endedAt })
  }
  checkCalls(before, after, shift)
}

/** Takes back what dead workers ran, once their leases are over. */
export function reaping(rows: readonly RunRow[], now: number): ((model: Model) => void) | undefined {
  const expired = rows.filter(({ fate, heldUntil = Infinity }) => fate === 'running' && heldUntil <= now)
  if (expired.length === 0) return undefined
  return (model) => {
    for (const row of expired) {
      const { name, attempt, origin } = row
      if (endsWithLease(row, model)) model.entries.set(name, { fate: 'failed', attempt, endedAt: now })
      else model.entries.set(name, { fate: planned(origin), attempt, endedAt: undefined })
    }
  }
}

/** Whether a run does not begin again when its process is lost. */
function endsWithLease({ name, lost }: RunRow, model: Model): boolean {
  return !name.startsWith(`${model.generation}@`) || lost + 1 >= MOST_LOST
}

/** Where a row comes to while a worker is there. */
interface Point {
  readonly text: string
  /** When it comes there at the earliest and at the latest. */
  readonly from: number
  readonly until: number
  /** Whether a worker that is alive leaves it there when it stops. */
  readonly isRest: boolean
}

/** The way of a row from where it is, step by step. */
function courseOf(row: RunRow, model: Model, from: number): Point[] {
  const { name, fate, attempt, heldUntil = -Infinity, dueAt } = row
  const here = { text: textOf(row), from: -Infinity, until: -Infinity, isRest: true }
  const freeFrom = Math.max(from, heldUntil)
  const lateMs = heldUntil > from ? REAPED_AFTER_MS : 0
  const point = (text: string, at: number, isRest = true): Point => ({
    text,
    from: at,
    until: at + lateMs,
    isRest,
  })
  const isCurrent = name.startsWith(`${model.generation}@`)
  const waiting = planned(row.origin)

  if (isWaiting(row) && isCurrent) {
    const beginsAt = Math.max(freeFrom, dueAt)
    const again = beginsAt + RETRY_MS
    return [
      here,
      point(`running #${attempt + 1}`, beginsAt, false),
      ...(fails(row.nominalAt, attempt + 1)
        ? [point(`${waiting} #${attempt + 1}`, beginsAt), point(`running #${attempt + 2}`, again, false)]
        : []),
      fails(row.nominalAt, attempt + 1)
        ? point(`succeeded #${attempt + 2}`, again)
        : point(`succeeded #${attempt + 1}`, beginsAt),
    ]
  }
  if (fate !== 'running') return [here]
  if (endsWithLease(row, model)) return [here, point(`failed #${attempt}`, freeFrom)]
  return [
    here,
    point(`${waiting} #${attempt}`, freeFrom, false),
    point(`running #${attempt + 1}`, freeFrom, false),
    point(`succeeded #${attempt + 1}`, freeFrom),
  ]
}

/** Where on its course a row may be: one that a worker was alive for has gone as far as the time allows. */
function mayBe(course: readonly Point[], { until, isCrash }: Shift): string[] {
  const reached = course.filter((point) => point.from <= until)
  const rests = reached.filter(({ isRest }) => isRest)
  const surely = rests.findLastIndex((point) => point.until <= until)
  return (isCrash ? reached : rests.slice(surely)).map(({ text }) => text)
}

/** No attempt is begun twice or too early, none but by a row that tells of it, and none has succeeded without. */
function checkCalls(before: readonly RunRow[], after: readonly RunRow[], { calls }: Shift): void {
  const names = calls.map(({ id, attempt }) => `${id} #${attempt}`)
  expect(new Set(names).size, 'no attempt is begun twice').toBe(calls.length)
  const begun = new Set<string>()
  for (const [i, { id, fate, attempt }] of after.entries()) {
    for (let n = before[i]!.attempt + 1; n <= attempt; n++) begun.add(`${id} #${n}`)
    const isNew = attempt > before[i]!.attempt
    if (isNew && fate === 'succeeded')
      expect(names, 'who has succeeded was called').toContain(`${id} #${attempt}`)
  }
  for (const [i, { at, dueAt }] of calls.entries()) {
    expect(begun, 'who is called has begun').toContain(names[i])
    expect(at, `${names[i]} is not early`).toBeGreaterThanOrEqual(dueAt)
  }
}

function planned(origin: string): Fate {
  return (origin === 'schedule' ? 'planned' : `planned ${origin}`) as Fate
}

function textOf({ fate, attempt }: Entry): string {
  return attempt === 0 ? fate : `${fate} #${attempt}`
}
