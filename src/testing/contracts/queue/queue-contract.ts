import { consumerCases } from './consumer-cases.ts'
import { deliveryCases } from './delivery-cases.ts'
import type { QueueContractCase } from './queue-stage.ts'
import { serverCases } from './server-cases.ts'
import { waitingCases } from './waiting-cases.ts'

export type { QueueContractCase, QueueContractKit } from './queue-stage.ts'

/**
 * What every driver of `MessageQueue` must do, for any test runner:
 *
 * ```ts
 * for (const { name, run } of queueContract)
 *   it(name, { timeout: 60_000 }, () => run({ open, loseData, restart, toleranceMs: 10_000 }))
 * ```
 *
 * Where the server cannot lose its data or be started anew, leave out the cases that need it:
 * `queueContract.filter(({ needs }) => needs !== 'restart')`.
 *
 * That nothing comes before its instant is strict, to the millisecond of this machine's clock. All that is late is
 * waited for.
 */
export const queueContract: readonly QueueContractCase[] = [
  ...deliveryCases,
  ...consumerCases,
  ...waitingCases,
  ...serverCases,
]
