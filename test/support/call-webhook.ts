import { expect } from 'vitest'
import { WebhookFailedError } from '../../src/errors.ts'
import type { JobContext } from '../../src/task/job.ts'
import {
  webhookJobIn,
  type WebhookJobOptions,
  type WebhookWorld,
} from '../../src/task/webhook/webhook-job.ts'
import type { WebhookPayload } from '../../src/task/webhook/webhook-payload.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

const LOCAL = ['http://127.0.0.1:*']
export const OCCURRENCE: JobContext['occurrence'] = {
  id: '17-3-1780308300000',
  key: 'report:42',
  group: undefined,
  namespace: 'default',
  nominalAt: new Date('2026-06-01T10:05:00Z'),
  dueAt: new Date('2026-06-01T10:05:10Z'),
  dispatchedAt: new Date('2026-06-01T10:00:00Z'),
  attempt: 2,
  lateMs: 0,
  missed: 0,
  origin: 'schedule',
  shiftedMs: 0,
  secondPass: false,
  previousAt: undefined,
  nextAt: undefined,
}

/** What is not as by default. */
export interface Call extends Partial<WebhookWorld> {
  readonly options?: Partial<WebhookJobOptions>
  readonly occurrence?: Partial<JobContext['occurrence']>
  readonly signal?: AbortSignal
}

/** A job in a world where no name leads anywhere, and time stands still. */
export function jobIn({ options = {}, ...world }: Call) {
  return webhookJobIn(
    {
      lookup: () => Promise.reject(new Error('nobody knows this name')),
      ca: undefined,
      clock: new ManualClock('2026-06-01T10:05:30Z'),
      ...world,
    },
    { allow: LOCAL, ...options },
  )
}

/** Runs the job once, as a worker does. */
export async function callWebhook(payload: WebhookPayload, given: Call = {}): Promise<unknown> {
  const { occurrence, signal = new AbortController().signal } = given
  const quiet = () => {}
  return jobIn(given).handle({
    payload,
    occurrence: { ...OCCURRENCE, ...occurrence },
    signal,
    log: { info: quiet, warn: quiet, error: quiet },
    progress: quiet,
  })
}

/** What a call failed with. */
export async function failureOf(run: Promise<unknown>): Promise<WebhookFailedError> {
  const error: unknown = await run.then(
    (result) => expect.fail(`it has succeeded: ${JSON.stringify(result)}`),
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(WebhookFailedError)
  return error as WebhookFailedError
}
