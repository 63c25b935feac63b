export { lockContract, type LockContractCase, type LockContractKit } from './contracts/lock/lock-contract.ts'
export {
  queueContract,
  type QueueContractCase,
  type QueueContractKit,
} from './contracts/queue/queue-contract.ts'
export { ManualClock } from './manual-clock.ts'
