import { createIndex, createTable, type IndexDefinition, type Place, type TableDefinition } from '../ddl.ts'

/** In the order in which the runs of all schedules are listed. */
const LISTED: IndexDefinition = {
  name: 'listed',
  columns: ['state', 'nominal_at', 'schedule_id', 'generation'],
  where: 'finished_at is not null',
}

const RUN_DETAILS: TableDefinition = {
  name: 'run_details',
  columns: {
    schedule_id: 'big',
    generation: 'count',
    nominal_at: 'big',
    attempt: 'count',
    version: 'count',
    server: 'text',
    started_at: 'big',
    written_at: 'big',
    log: 'text?',
    progress: 'text?',
    error: 'text?',
  },
  primaryKey: ['schedule_id', 'nominal_at', 'generation', 'attempt'],
}

/** What lists the runs of all schedules, and keeps what handlers tell of their runs. */
export function statements(place: Place): string[] {
  return [...createIndex('occurrences', LISTED, place), ...createTable(RUN_DETAILS, place)]
}
