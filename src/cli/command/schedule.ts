import type { Command } from 'commander'
import type { Invocation } from '../invocation.ts'
import { addScheduleAdd } from './schedule-add.ts'
import { addBackfill } from './schedule-backfill.ts'
import { addChanges, addDiff, addRollback } from './schedule-changes.ts'
import { addDelete } from './schedule-control.ts'
import { addScheduleEdit } from './schedule-edit.ts'
import { addExplain } from './schedule-explain.ts'
import { addExport } from './schedule-export.ts'
import { addHistory } from './schedule-history.ts'
import { addImport } from './schedule-import.ts'
import { addPause, addPauses, addResume } from './schedule-pause.ts'
import { addList, addShow } from './schedule-read.ts'
import { addRetry } from './schedule-retry.ts'
import { addTrigger } from './schedule-trigger.ts'

/** `carillon schedule …`: what users do to schedules. */
export function addSchedule(program: Command, invocation: Invocation): void {
  const schedule = program
    .command('schedule')
    .summary('add, list, change, pause and run schedules')
    .description('Works on the schedules of one namespace.')

  addScheduleAdd(schedule, invocation)
  addList(schedule, invocation)
  addShow(schedule, invocation)
  addScheduleEdit(schedule, invocation)
  addDelete(schedule, invocation)
  addPause(schedule, invocation)
  addResume(schedule, invocation)
  addPauses(schedule, invocation)
  addTrigger(schedule, invocation)
  addRetry(schedule, invocation)
  addBackfill(schedule, invocation)
  addHistory(schedule, invocation)
  addExplain(schedule, invocation)
  addImport(schedule, invocation)
  addExport(schedule, invocation)
  addChanges(schedule, invocation)
  addDiff(schedule, invocation)
  addRollback(schedule, invocation)
}
