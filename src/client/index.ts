export { CarillonApiError, NoAnswerError, type ApiErrorCode, type Problem } from './api-error.ts'
export { createClient, type Client, type ClientOptions } from './create-client.ts'
export type { ApiEvent, GapEvent, ReadyEvent, RunEvent, ScheduleEvent } from './event.ts'
export type { AnswerOf, OperationId, RequestOf, RequestOptions, Schema } from './operation.ts'
