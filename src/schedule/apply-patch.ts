import { definitionInput, WITH_OVERLAP, type ResolvedSchedule } from './resolve-definition.ts'
import type { ScheduleInput, SchedulePatch } from './schedule-input.ts'

const RECURRENCE_KINDS = ['cron', 'every', 'at'] as const
const COMPANIONS = { cron: ['timezone', 'dst', 'syntax', 'except'], every: ['anchor'], at: [] } as const

/**
 * The whole input that a patch makes of a stored schedule. A patch that names another kind of recurrence drops the
 * present one with all that belongs to it; one that names `timezone` alone keeps the expression.
 */
export function applyPatch(stored: ResolvedSchedule, patch: SchedulePatch): ScheduleInput {
  const base: Record<string, unknown> = { ...definitionInput(stored) }

  const named = RECURRENCE_KINDS.filter((kind) => patch[kind] !== undefined && patch[kind] !== null)
  for (const kind of RECURRENCE_KINDS) {
    if (named.length === 0 || named.includes(kind)) continue
    for (const option of [kind, ...COMPANIONS[kind]]) delete base[option]
  }

  // Where all runs may overlap, what says how they do has nothing to say.
  if (patch.overlap === 'allow' || patch.overlap === null)
    for (const option of WITH_OVERLAP) delete base[option]

  for (const [option, value] of Object.entries(patch)) {
    if (value === undefined) continue
    if (value === null && option !== 'payload') delete base[option]
    else base[option] = value
  }
  return base as unknown as ScheduleInput
}
