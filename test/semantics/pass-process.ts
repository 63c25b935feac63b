/**
 * A process of its own that does one dispatch pass at a given time, and prints its report as JSON:
 *
 *     node --max-old-space-size=96 pass-process.ts <database> <instant> <options>
 */
import { Carillon, type CarillonOptions } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/index.ts'

const [database = '', at = '', options = '{}'] = process.argv.slice(2)
const given = JSON.parse(options) as Partial<CarillonOptions>
await using cron = await Carillon.open({ ...given, database, clock: new ManualClock(Number(at)) })
console.log(JSON.stringify(await cron.dispatch()))
