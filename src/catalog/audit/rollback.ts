import { definitionInput } from '../../schedule/resolve-definition.ts'
import type { ScheduleInput } from '../../schedule/schedule-input.ts'
import type { ScheduleRecord } from '../../store/schedule-record.ts'
import type { TableSet } from '../../store/store.ts'
import { activeOf } from '../activity.ts'
import { storedDefinition } from '../generations.ts'
import type { FieldChange } from './diff-inputs.ts'
import { diffSnapshots, rememberedAt } from './remembered.ts'

/** What it takes to bring a schedule back to what it was. */
interface BackTo {
  readonly present: ScheduleRecord
  /** What would change. */
  readonly fields: readonly FieldChange[]
  /** What is to be stored, by whether the schedule is paused then, which stays. */
  readonly inputFor: (stored: ScheduleRecord) => ScheduleInput
}

/** @throws {InvalidInputError} when the revision is not remembered */
export async function rollbackOf(
  tables: TableSet,
  present: ScheduleRecord,
  revision: number,
): Promise<BackTo> {
  const { group, definitionText } = await rememberedAt(tables, present, revision)
  const wanted = { group, definitionText, state: present.state }
  const definition = storedDefinition({ ...present, ...wanted })
  return {
    present,
    fields: diffSnapshots(present, present, wanted, present.updatedAt),
    inputFor: (stored) => definitionInput({ group, active: activeOf(stored), definition }),
  }
}
