import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BIN, commandLine, ROOT, RunningCli } from './carillon.ts'

const example = (name: string) => join(ROOT, 'examples', name)

describe('the quickstart', () => {
  it('shows a run within seconds, runs what is added from a second terminal, and ends on Ctrl-C', async () => {
    using cli = commandLine()
    const env = {
      ...process.env,
      CARILLON_DATABASE: `sqlite:${cli.folder.file('carillon.db')}`,
      MEASUREMENTS_FILE: cli.folder.file('measurements.jsonl'),
    }
    const child = spawn(process.execPath, [example('quickstart/main.ts')], { cwd: ROOT, env })
    try {
      const quickstart = new RunningCli(child, ['quickstart'])
      await quickstart.shows(/measure +load \d+\.\d\d, \d+ % of memory free/)
      const [measurement = ''] = readFileSync(env.MEASUREMENTS_FILE, 'utf8').split('\n')
      expect(JSON.parse(measurement)).toMatchObject({ load: expect.any(Number) as number })

      // Word by word as it is printed, but for npx, which the clone's own Node stands in for.
      const pasted = /npx carillon (schedule add .*)/.exec(quickstart.stdout)![1]!
      execFileSync('/bin/sh', ['-c', `"${process.execPath}" "${BIN}" ${pasted}`], { env, stdio: 'pipe' })
      await quickstart.shows(/hello +a run succeeded/)

      const history = execFileSync(process.execPath, [BIN, 'schedule', 'history', 'hello'], {
        env,
        encoding: 'utf8',
      })
      expect(history).toContain('Hello from Carillon')

      quickstart.interrupt()
      expect(await quickstart.ended).toMatchObject({ status: 0, stderr: '' })
      expect(quickstart.stdout.trimEnd()).toMatch(/Stopped\.$/)
    } finally {
      child.kill('SIGKILL')
    }
  })
})

describe('the examples', () => {
  // The one that the README quotes is run by its own test.
  it.each([
    ['manage-schedules.ts', /triggered succeeded \{ sent: 'report of user 42 as pdf' \}\n/],
    ['webhooks.ts', /^refused: .*\nPOST .* attempt 1\nsucceeded \{ status: 200, body: '\{"sent":3\}' \}\n$/],
  ])('%s runs to its end', (name, printed) => {
    using cli = commandLine()
    const env = { ...process.env, CARILLON_DATABASE: `sqlite:${cli.folder.file('carillon.db')}` }
    expect(execFileSync(process.execPath, [example(name)], { env, encoding: 'utf8' })).toMatch(printed)
  })
})
