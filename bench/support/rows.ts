import type { DatabaseSync } from 'node:sqlite'
import type { ScheduleInput } from '../../src/schedule/schedule-input.ts'
import { resolveDefinition } from '../../src/schedule/resolve-definition.ts'

/** What a planned occurrence is written with: schedule, generation, nominal and due instant. */
export type OccurrenceRow = readonly [
  scheduleId: number,
  generation: number,
  nominalAt: number,
  dueAt: number,
]

/**
 * Stores schedules past the public door, which checks them one by one. Their ids are 1, 2, 3 ….
 *
 * @param nextAt the cursor of the schedule with this id; null when all of it is planned
 * @param input the schedule with this id
 */
export function storeSchedules(
  connection: DatabaseSync,
  count: number,
  input: (id: number) => ScheduleInput,
  nextAt: (id: number) => number | null,
): void {
  const insert = connection.prepare(`
    insert into carillon_schedules
      (id, namespace, key, origin, state, generation, revision, job, definition, created_at, updated_at)
    values (?, 'default', ?, 'user', 'active', 1, 1, ?, ?, ?, ?)`)
  const insertCursor = connection.prepare('insert into carillon_cursors (schedule_id, next_at) values (?, ?)')
  const createdAt = Date.now()

  connection.exec('begin immediate')
  for (let id = 1; id <= count; id++) {
    const key = `bench:${id}`
    const { definition } = resolveDefinition(input(id), `default/${key}`)
    insert.run(id, key, definition.job, JSON.stringify(definition), createdAt, createdAt)
    insertCursor.run(id, nextAt(id))
  }
  connection.exec('commit')
}

/** One transaction, one prepared statement, one call a row. */
export function insertInLoop(connection: DatabaseSync, rows: readonly OccurrenceRow[], now: number): void {
  connection.exec('begin immediate')
  const insert = connection.prepare(`
    insert into carillon_occurrences
      (schedule_id, generation, nominal_at, due_at, state, origin, queue, planned_at)
    values (?, ?, ?, ?, 'planned', 'schedule', 'default', ?)`)
  for (const [scheduleId, generation, nominalAt, dueAt] of rows) {
    insert.run(scheduleId, generation, nominalAt, dueAt, now)
  }
  connection.exec('commit')
}

/** One statement that takes all rows as one JSON parameter. */
export function insertFromJson(connection: DatabaseSync, rows: readonly OccurrenceRow[], now: number): void {
  connection.exec('begin immediate')
  connection
    .prepare(
      `insert into carillon_occurrences
         (schedule_id, generation, nominal_at, due_at, state, origin, queue, planned_at)
       select value ->> 0, value ->> 1, value ->> 2, value ->> 3, 'planned', 'schedule', 'default', ?
       from json_each(?)`,
    )
    .run(now, JSON.stringify(rows))
  connection.exec('commit')
}

/** How many occurrences of the ledger are in this state. */
export function countIn(connection: DatabaseSync, state: string): number {
  const row = connection.prepare('select count(*) as n from carillon_occurrences where state = ?').get(state)
  return Number(row?.['n'])
}
