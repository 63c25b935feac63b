import type { OccurrenceState } from '../../schedule/occurrence.ts'
import type { ScheduleState } from '../../store/schedule-record.ts'

/** What has happened, as those are told who follow it. */
export type News = ScheduleChanged | RunChanged | Gap

interface Subject {
  readonly at: Date
  readonly namespace: string
  readonly key: string
  readonly group: string | undefined
  readonly job: string
}

/** A schedule was stored, changed, paused, resumed or deleted. */
export interface ScheduleChanged extends Subject {
  readonly type: 'schedule'
  readonly revision: number
  readonly state: ScheduleState | 'deleted'
}

/** A run has begun, or has come to an end; one that did both since the last look is told of at its end alone. */
export interface RunChanged extends Subject {
  readonly type: 'run'
  readonly id: string
  readonly nominalAt: Date
  readonly state: OccurrenceState
  /** Which attempt it is, from 1; 0 of one that never began. */
  readonly attempt: number
}

/** More has happened than is told one by one: whoever shows something reads it anew. */
export interface Gap {
  readonly type: 'gap'
  readonly at: Date
}

/** What somebody follows. */
export interface NewsFilter {
  /** Of all namespaces when left out. */
  readonly namespace?: string | undefined
  readonly groups?: readonly string[] | undefined
  readonly jobs?: readonly string[] | undefined
}

/** Whether a piece of news is about what somebody follows. A gap is everybody's. */
export function isAbout(news: News, { namespace, groups, jobs }: NewsFilter): boolean {
  if (news.type === 'gap') return true
  if (namespace !== undefined && news.namespace !== namespace) return false
  if (groups !== undefined && (news.group === undefined || !groups.includes(news.group))) return false
  return jobs === undefined || jobs.includes(news.job)
}
