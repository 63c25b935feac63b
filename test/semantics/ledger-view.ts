import type { Catalog, Occurrence } from '../../src/index.ts'
import { instants, type Entry, type Fate, type Model } from './ledger-model.ts'
import { occurrences, time, type World } from './support.ts'

/** A schedule as the database has it: all that the model knows of, and nothing else. */
export interface View {
  readonly head: readonly string[]
  readonly occurrences: readonly Occurrence[]
  /** What is still to be caught up. */
  readonly owed: readonly Range[]
}

interface Range {
  readonly generation: number
  readonly from: number
  readonly until: number
  readonly count: number
}

/** @param door of a process that is alive */
export async function look(world: World, door: Catalog, key: string): Promise<View> {
  const schedule = await door.describe(key)
  const [row] = await world.sql(
    `select s.id, c.next_at from carillon_schedules s join carillon_cursors c on c.schedule_id = s.id
     where s.namespace = ? and s."key" = ?`,
    door.namespaceName,
    key,
  )
  if (row === undefined) return { head: ['there is none'], occurrences: [], owed: [] }
  const owed = await world.sql(
    `select generation, from_at, until_at, runs from carillon_owed where schedule_id = ?`,
    Number(row['id']),
  )
  const [many] = await world.sql(
    `select state, look_at, missed from carillon_pauses where namespace = ?`,
    door.namespaceName,
  )
  return {
    head: headOf({
      schedule: schedule && {
        generation: schedule.generation,
        revision: schedule.revision,
        isPaused: schedule.state === 'paused',
        isPausedByMany: schedule.pause?.with !== undefined,
        until: schedule.pause?.until?.getTime(),
        cursor: numberOf(row['next_at']),
      },
      many: many && {
        state: String(many['state']),
        lookAt: numberOf(many['look_at']),
        missed: String(many['missed']),
      },
    }),
    occurrences: await occurrences(door, key),
    owed: owed.map((range) => ({
      generation: Number(range['generation']),
      from: Number(range['from_at']),
      until: Number(range['until_at']),
      count: Number(range['runs']),
    })),
  }
}

/** The same of the model, to be compared as text. */
export function modelLines(model: Model): string[] {
  const { isDeleted, many, entries } = model
  const head = headOf({ schedule: isDeleted ? undefined : model, many })
  return [...head, ...entryLines(entries)]
}

/**
 * What a view has, in the words of the model: one line an instant, ranges written out.
 *
 * @param model tells which instants lie in a range
 * @throws when an instant is in the ledger twice, or a range does not hold as many instants as it says
 */
export function viewLines({ head, occurrences, owed }: View, model: Model): string[] {
  const entries = new Map<string, Entry>()
  const add = (generation: number, at: number, entry: Entry) => {
    const name = `${generation}@${at}`
    if (entries.has(name)) throw new Error(`${name} is in the ledger twice`)
    entries.set(name, entry)
  }
  const addRange = ({ generation, from, until, count }: Range, entry: Entry) => {
    const recurrence = model.recurrences.get(generation)
    const range = recurrence === undefined ? [] : instants(recurrence, from - 1, until)
    if (range.length !== count) throw new Error(`the range from ${generation}@${from} does not hold ${count}`)
    for (const at of range) add(generation, at, entry)
  }
  for (const occurrence of occurrences) {
    const { generation, missed } = occurrence
    const from = occurrence.nominalAt.getTime()
    const entry = entryOf(occurrence)
    if (missed === undefined) add(generation, from, entry)
    else addRange({ generation, from, until: missed.until.getTime(), count: missed.count }, entry)
  }
  for (const range of owed) addRange(range, { fate: 'owed', attempt: 0, endedAt: undefined })
  return [...head, ...entryLines(entries)]
}

/** What became of an occurrence. */
function entryOf({ state, reason, origin, attempt, finishedAt }: Occurrence): Entry {
  const plan = origin === 'schedule' ? 'planned' : `planned ${origin}`
  const fate = state === 'planned' ? plan : (reason ?? state)
  return { fate: fate as Fate, attempt, endedAt: finishedAt?.getTime() }
}

interface Head {
  readonly schedule:
    Pick<Model, 'generation' | 'revision' | 'isPaused' | 'isPausedByMany' | 'until' | 'cursor'> | undefined
  readonly many:
    { readonly state: string; readonly lookAt: number | undefined; readonly missed: string } | undefined
}

function headOf({ schedule, many }: Head): string[] {
  const head: string[] = []
  if (schedule === undefined) head.push('it is deleted')
  else {
    const { generation, revision, isPaused, isPausedByMany, until, cursor } = schedule
    const pause = `paused until ${timeOr(until, 'it is resumed')}${isPausedByMany ? ' with others' : ''}`
    head.push(`generation ${generation}, revision ${revision}, ${isPaused ? pause : 'active'}`)
    head.push(`cursor at ${timeOr(cursor, 'nothing')}`)
  }
  if (many !== undefined) {
    const { state, lookAt, missed } = many
    const answer = state === 'resuming' ? ` with ${missed}` : ''
    head.push(`all are ${state}${answer}, to be looked at ${timeOr(lookAt, 'never')}`)
  }
  return head
}

function entryLines(entries: ReadonlyMap<string, Entry>): string[] {
  return Array.from(entries, ([name, { fate, attempt }]) => {
    const [generation, at] = name.split('@')
    return `g${generation} ${time(Number(at))} ${fate}${attempt === 0 ? '' : ` #${attempt}`}`
  }).toSorted()
}

function timeOr(at: number | undefined, otherwise: string): string {
  return at === undefined ? otherwise : time(at)
}

function numberOf(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}
