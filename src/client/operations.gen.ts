// Made by `npm run generate:client` of the OpenAPI document: change that, and make it anew.

/** How each operation of the document is sent; paths begin where the API is mounted. */
export const OPERATIONS = {
  /** List schedules by key, page by page. */
  listSchedules: { method: 'GET', path: '/schedules', isPage: true },
  /** Create a schedule. */
  createSchedule: { method: 'POST', path: '/schedules', hasBody: true, isOnce: true },
  /** Create or replace many schedules. */
  putSchedules: { method: 'POST', path: '/schedules/bulk', hasBody: true, isOnce: true },
  /** Read a schedule. */
  getSchedule: { method: 'GET', path: '/schedules/{key}' },
  /** Create a schedule, or replace it in full. */
  putSchedule: { method: 'PUT', path: '/schedules/{key}', hasBody: true, isOnce: true },
  /** Change parts of a schedule. */
  patchSchedule: { method: 'PATCH', path: '/schedules/{key}', hasBody: true, isOnce: true },
  /** Delete a schedule, and withdraw what has not begun. */
  deleteSchedule: { method: 'DELETE', path: '/schedules/{key}', isOnce: true },
  /** Pause a schedule, for good or until an instant. */
  pauseSchedule: { method: 'POST', path: '/schedules/{key}/pause', hasBody: true, isOnce: true },
  /** Let a paused or broken schedule run again. */
  resumeSchedule: { method: 'POST', path: '/schedules/{key}/resume', hasBody: true, isOnce: true },
  /** Run a schedule once, now. */
  triggerSchedule: { method: 'POST', path: '/schedules/{key}/trigger', hasBody: true, isOnce: true },
  /** Run once more what failed for good. */
  retryRun: { method: 'POST', path: '/schedules/{key}/retry', hasBody: true, isOnce: true },
  /** Make up for what did not run in a time that is over. */
  backfillSchedule: { method: 'POST', path: '/schedules/{key}/backfill', hasBody: true, isOnce: true },
  /** Store an earlier revision as a new change. */
  rollbackSchedule: { method: 'POST', path: '/schedules/{key}/rollback', hasBody: true, isOnce: true },
  /** What was done to a schedule, by whom and why, newest first. */
  listChanges: { method: 'GET', path: '/schedules/{key}/changes', isPage: true },
  /** What differs between two revisions of a schedule. */
  diffRevisions: { method: 'GET', path: '/schedules/{key}/diff' },
  /** What became of a schedule’s occurrences, newest first. */
  listHistory: { method: 'GET', path: '/schedules/{key}/history', isPage: true },
  /** Why a schedule ran at an instant, or did not, or whether it will. */
  explain: { method: 'GET', path: '/schedules/{key}/explain' },
  /** The next nominal instants of a schedule. */
  nextInstants: { method: 'GET', path: '/schedules/{key}/next' },
  /** What became of the occurrences of all schedules, newest first. */
  listRuns: { method: 'GET', path: '/runs', isPage: true },
  /** One run with its log lines, its progress and its attempts. */
  getRun: { method: 'GET', path: '/runs/{id}' },
  /** The next instants of a recurrence as somebody types it, what it means, and what may surprise. */
  previewRecurrence: { method: 'POST', path: '/preview', hasBody: true, isOnce: true },
  /** How many occurrences fall due ahead, and of what the fullest minutes are full. */
  forecast: { method: 'GET', path: '/forecast' },
  /** The pauses of many schedules that are in force. */
  listPauses: { method: 'GET', path: '/pauses' },
  /** Pause all schedules of the namespace, or of a group. */
  pauseMany: { method: 'POST', path: '/pauses', hasBody: true, isOnce: true },
  /** End a pause of many. */
  resumeMany: { method: 'POST', path: '/pauses/end', hasBody: true, isOnce: true },
  /** The jobs that schedules can have, with JSON Schemas of their payloads. */
  listJobs: { method: 'GET', path: '/jobs' },
  /** Runs that have not begun, or not ended, by when they were expected to. */
  listAbsent: { method: 'GET', path: '/absent' },
  /** The missed runs that are still to be caught up. */
  getOwed: { method: 'GET', path: '/owed' },
  /** How the queues are, and what waits in them and before them. */
  listQueues: { method: 'GET', path: '/queues' },
  /** How the server is that answers: its roles, its runs, the database and the queues. */
  getHealth: { method: 'GET', path: '/health' },
  /** What Prometheus scrapes: what this server does, and how things stand. */
  getMetrics: { method: 'GET', path: '/metrics' },
  /** The servers that have started, what they do, and when they were heard of last. */
  listServers: { method: 'GET', path: '/servers' },
  /** The tasks that code defines, and who has their locks. */
  listTasks: { method: 'GET', path: '/tasks' },
  /** Free the lock of a task, whoever has it. */
  unlockTask: { method: 'POST', path: '/tasks/{name}/unlock', isOnce: true },
  /** Follow what happens to schedules and runs. */
  followEvents: { method: 'GET', path: '/events', isStream: true },
  /** List the stored tokens, oldest first; without their secrets. */
  listTokens: { method: 'GET', path: '/tokens' },
  /** Create a token. */
  createToken: { method: 'POST', path: '/tokens', hasBody: true },
  /** End a token for good, within a second. */
  revokeToken: { method: 'DELETE', path: '/tokens/{id}', isOnce: true },
  /** Whether the process lives. */
  isLive: { method: 'GET', path: '/live' },
  /** Whether the process can do its work: 503 while it can not. */
  isReady: { method: 'GET', path: '/ready' },
} as const
