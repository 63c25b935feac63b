export { lockContract, type LockContractCase, type LockContractKit } from './contracts/lock/lock-contract.ts'
export { ManualClock } from './manual-clock.ts'
