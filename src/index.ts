// In the order of the flow: expression, schedule, ledger, run, the whole; then what they share.
export * from './cron/index.ts'
export type {
  BackoffInput,
  CatchUpInput,
  InstantInput,
  PolicyInput,
  RecurrenceInput,
  SchedulePatch,
} from './schedule/schedule-input.ts'
export type { Backoff, CatchUp, WhenFinished } from './schedule/definition.ts'
export type { OverlapPolicy } from './schedule/overlap.ts'
export { simulate } from './schedule/simulation/simulate.ts'
export type {
  SimulatedOutage,
  SimulatedOutcome,
  SimulatedRun,
  SimulatedSchedule,
  SimulatedStart,
  Simulation,
  SimulationOptions,
} from './schedule/simulation/simulation.ts'
export type {
  Filling,
  Forecast,
  ForecastBucket,
  ForecastOptions,
  ForecastProgress,
  FullBucket,
} from './schedule/forecast/forecast.ts'
export type { NamedCount } from './schedule/forecast/frequent-counts.ts'
export type { Json } from './schedule/json.ts'
export type { OccurrenceOrigin, OccurrenceState, SkipReason } from './schedule/occurrence.ts'
export { Catalog } from './catalog/catalog.ts'
export type { BackfillOptions, BackfillReport } from './catalog/backfill/backfill.ts'
export type { DeclaredChange, DeclareReport, ScheduleDeclaration } from './catalog/declare/declarations.ts'
export type { Quota, QuotaSettings } from './catalog/quotas.ts'
export type { WriteCounts } from './catalog/bulk-writer.ts'
export type { ScheduleOptions, Schedules } from './catalog/schedule-resolver.ts'
export { readCrontab } from './catalog/exchange/read-crontab.ts'
export type { CrontabOptions, CrontabReading, CrontabSchedule } from './catalog/exchange/read-crontab.ts'
export { writeCrontab } from './catalog/exchange/write-crontab.ts'
export type { CrontabLoss, WrittenCrontab } from './catalog/exchange/write-crontab.ts'
export type { CrontabWarning, CrontabWarningCode } from './catalog/exchange/crontab-warning.ts'
export type { ScheduleComparison } from './catalog/compare-schedules.ts'
export { RootCatalog } from './catalog/root-catalog.ts'
export type {
  ChangesOptions,
  DescribeFilter,
  HistoryOptions,
  ManyOptions,
  OccurrenceOptions,
  PauseOptions,
  ResumeAllOptions,
  ResumeAnswer,
  Rollback,
  RollbackOptions,
  RunsOptions,
} from './catalog/catalog-options.ts'
export type { FieldChange } from './catalog/audit/diff-inputs.ts'
export type { ScheduleChange } from './catalog/audit/remembered.ts'
export type { ManyReport, PauseInForce } from './catalog/scoped-pauses.ts'
export { scheduleInputOf } from './catalog/schedule-input-of.ts'
export type { Schedule, SchedulePause } from './catalog/schedule-view.ts'
export type { Explanation, ExplanationCode, GenerationInForce } from './catalog/explain/explanation.ts'
export type { ListedRun, Occurrence, RunsPage } from './catalog/occurrence-view.ts'
export type { RunAttempt, RunDetails, RunLogLine, RunProgress, ToldAttempt } from './catalog/run-view.ts'
export type { ScheduleOrigin, ScheduleState } from './store/schedule-record.ts'
export type { DatabaseInput, DatabasePool } from './sql/database-input.ts'
export type { RunError } from './store/ledger.ts'
export type { PassReport } from './dispatch/dispatcher.ts'
export type { OwedReport } from './dispatch/owed-report.ts'
export type { PassCounts, PassPreview, SchedulePreview } from './dispatch/preview-pass.ts'
export { TaskSchedule, type CommandOptions } from './task/fluent/task-schedule.ts'
export type { TaskBuilder } from './task/fluent/task-builder.ts'
export type { OverlapOptions, TaskAttributes } from './task/fluent/task-attributes.ts'
export type { Frequencies, Weekday } from './task/fluent/frequencies.ts'
export type { TaskContext, TaskEvent, TaskHook, TaskPredicate } from './task/fluent/task.ts'
export type { TaskMail } from './runner/perform-task.ts'
export type { TaskResult, TaskSkipReason } from './runner/task-runner.ts'
export type { LockLogLevel } from './lock/overlap-guard.ts'
export { defineJob } from './task/job.ts'
export type { JobInfo } from './task/describe-jobs.ts'
export type { AnyJob, Job, JobContext, OccurrenceInfo, ProgressInput } from './task/job.ts'
export { commandJob } from './task/command-job.ts'
export { webhookJob, type WebhookJobOptions, type WebhookResult } from './task/webhook/webhook-job.ts'
export type { WebhookPayload } from './task/webhook/webhook-payload.ts'
export type { CommandResult } from './task/program.ts'
export { Tasks, type TaskInfo, type TasksOptions } from './carillon/tasks.ts'
export type { TaskSettings } from './carillon/task-settings.ts'
export { databaseQueue, type QueueChoice } from './carillon/queue-choice.ts'
export type { Health } from './carillon/health.ts'
export type {
  MeasuredPass,
  MeasuredQueue,
  MeasuredRun,
  Measures,
  MetricsPage,
  RunResult,
  Telemetry,
} from './telemetry/telemetry.ts'
export type { ServerInfo } from './carillon/presence.ts'
export type { AbsentOptions, AbsentRun } from './carillon/absent-runs.ts'
export type { QueueReport } from './carillon/queues.ts'
export type { Message } from './queue/message.ts'
export type {
  ExecuteSql,
  MessageConsumer,
  MessageConsumption,
  MessageQueue,
  MessageQueueInside,
  QueueCapabilities,
  QueueDriver,
  QueueHealth,
  QueueSetting,
} from './queue/message-queue.ts'
export { Carillon, type DispatchReport } from './carillon/carillon.ts'
export type { CreatedToken, TokenInput, Tokens } from './catalog/tokens/tokens.ts'
export type { Token, TokenState } from './catalog/tokens/token-view.ts'
export type { TokenScope } from './store/token-table.ts'
export type { CatchUpSettings } from './carillon/catch-up-settings.ts'
export type { Alert, AlertContext, AlertHook, AlertKind } from './alert/alert.ts'
export { webhook, type WebhookOptions } from './alert/webhook.ts'
export { verifySignature, type VerifyOptions } from './webhook/signature.ts'
export { defineConfig, type CarillonConfig } from './carillon/define-config.ts'
export type { CarillonOptions, Role } from './carillon/options.ts'
export type { Clock, Alarm, Instant } from './clock/clock.ts'
export type { Duration } from './clock/duration.ts'
export type { HeldLock, LockAnswer, LockProof, LockStore } from './lock/lock-store.ts'
export type { Logger } from './logger.ts'
export * from './errors.ts'
