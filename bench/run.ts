/**
 * Runs one bench:
 *
 *     npm run bench -- dispatch
 *     npm run bench -- dispatch --quick
 *
 * Every `bench/<name>.ts` besides this file is a bench and exports `bench({ quick })`. The last line of the output is
 * the report as one JSON object.
 */
import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { didYouMean } from '../src/suggestion.ts'
import { printReport, type Bench } from './support/report.ts'

const USAGE = 'usage: npm run bench -- <name> [--quick]'

process.exitCode = await main(process.argv.slice(2))

/** @returns the exit status */
async function main(args: string[]): Promise<number> {
  const { name, quick, problem } = readArguments(args)
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
  printReport(await bench({ quick }))
  return 0
}

function readArguments(args: string[]): { name?: string | undefined; quick: boolean; problem?: string } {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { quick: { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    if (positionals.length > 1) return { quick: false, problem: 'one bench at a time' }
    return { name: positionals[0], quick: values.quick }
  } catch (error) {
    return { quick: false, problem: error instanceof Error ? error.message : String(error) }
  }
}

function benchNames(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && file !== basename(import.meta.filename))
    .map((file) => basename(file, '.ts'))
    .sort()
}
