/** One dispatch pass on the given database, begun when the parent says so. Answers what it did. */
import { once } from 'node:events'
import { Carillon } from '../../src/carillon/carillon.ts'

/** What a dispatcher answers. */
export interface Dispatched {
  readonly ms: number
  readonly planned: number
  /** The most memory that the process ever had, in bytes. */
  readonly peakBytes: number
}

await using carillon = await Carillon.open({ database: process.argv[2]! })
process.send!('ready')
await once(process, 'message')

const startedAt = performance.now()
const { planned } = await carillon.dispatch({ ahead: '3h' })
const ms = performance.now() - startedAt
const dispatched: Dispatched = { ms, planned, peakBytes: process.resourceUsage().maxRSS * 1024 }
process.send!(dispatched)
await once(process, 'disconnect')
