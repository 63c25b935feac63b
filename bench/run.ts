/**
 * Runs one bench:
 *
 *     npm run bench -- dispatch
 *     npm run bench -- dispatch --quick
 *     npm run bench -- dispatch --database sqlite
 *     npm run bench -- dispatch --alone            # without the peers
 *     npm run bench -- queues --only "BullMQ on PostgreSQL"
 *
 * Every `bench/<name>.ts` besides this file is a bench and exports `bench({ quick, kinds })`. The last line of the output is
 * the report as one JSON object.
 */
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { didYouMean } from '../src/suggestion.ts'
import { DATABASE_KINDS, type DatabaseKind } from './support/databases.ts'
import { printReport, type Bench, type BenchOptions } from './support/report.ts'

const USAGE = `usage: npm run bench -- <name> [--quick] [--alone] [--database ${DATABASE_KINDS.join('|')}]… [--only <queue>]`

process.exitCode = await main(process.argv.slice(2))

/** @returns the exit status */
async function main(args: string[]): Promise<number> {
  const { name, options, problem } = readArguments(args)
  if (problem !== undefined) {
    console.error(`${problem}\n${USAGE}`)
    return 2
  }

  const names = benchNames()
  if (name === undefined) {
    console.log([USAGE, '', 'benches:', ...names.map((known) => `  ${known}`)].join('\n'))
    return 0
  }
  if (!names.includes(name)) {
    console.error(
      `unknown bench "${name}"${didYouMean(name, names) || `: the benches are ${names.join(', ')}`}`,
    )
    return 2
  }

  const { bench } = (await import(`./${name}.ts`)) as { bench: Bench }
  printReport(await bench(options))
  return 0
}

interface Arguments {
  readonly name?: string | undefined
  readonly options: BenchOptions
  readonly problem?: string
}

function readArguments(args: string[]): Arguments {
  const options = { quick: false, alone: false, kinds: DATABASE_KINDS }
  try {
    const { values, positionals } = parseArgs({
      args,
      options: {
        quick: { type: 'boolean', default: false },
        alone: { type: 'boolean', default: false },
        database: { type: 'string', multiple: true },
        only: { type: 'string' },
      },
      allowPositionals: true,
    })
    if (positionals.length > 1) return { options, problem: 'one bench at a time' }

    const { quick, alone, only, database = [...DATABASE_KINDS] } = values
    const unknown = database.find((kind) => !(DATABASE_KINDS as readonly string[]).includes(kind))
    if (unknown !== undefined) return { options, problem: `unknown database "${unknown}"` }
    return { name: positionals[0], options: { quick, alone, only, kinds: database as DatabaseKind[] } }
  } catch (error) {
    return { options, problem: error instanceof Error ? error.message : String(error) }
  }
}

function benchNames(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && file !== basename(import.meta.filename))
    .map((file) => basename(file, '.ts'))
    .sort()
}
