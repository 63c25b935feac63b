import { expect, it } from 'vitest'
import type { Delivery } from '../queue/queue.ts'
import { PastAttempts } from './past-attempts.ts'

const ref = { scheduleId: 1, generation: 1, nominalAt: 1_000 }
const message: Delivery = { ...ref, job: 'job', startAt: 1_000, attempt: 0 }

it('knows a copy of what began, and nothing else', () => {
  const past = new PastAttempts()
  expect(past.has(message)).toBe(false)
  past.add({ ...ref, attempt: 0 })
  expect(past.has(message)).toBe(true)
  // A further attempt, another instant, and what was claimed in the ledger.
  expect(past.has({ ...message, attempt: 1 })).toBe(false)
  expect(past.has({ ...message, nominalAt: 2_000 })).toBe(false)
  expect(past.has({ ...ref, job: 'job', startAt: 1_000 })).toBe(false)

  past.add({ ...ref, attempt: 1 })
  expect(past.has({ ...message, attempt: 1 })).toBe(true)
})

it('forgets what began longest ago, and keeps what began again', () => {
  const past = new PastAttempts()
  past.add({ ...ref, attempt: 0 })
  past.add({ ...ref, nominalAt: 2_000, attempt: 0 })
  for (let n = 0; n < 19_998; n++) past.add({ ...ref, scheduleId: 2, nominalAt: n, attempt: 0 })
  past.add({ ...ref, attempt: 1 })
  past.add({ ...ref, scheduleId: 3, attempt: 0 })
  expect(past.has({ ...message, nominalAt: 2_000 })).toBe(false)
  expect(past.has({ ...message, attempt: 1 })).toBe(true)
})
