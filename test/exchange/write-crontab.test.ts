import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  Carillon,
  defineJob,
  readCrontab,
  writeCrontab,
  type Schedule,
  type ScheduleOptions,
} from '../../src/index.ts'

const NOW = Date.parse('2027-01-15T00:00:00Z')
const work = { job: 'command', payload: { program: 'run' } } as const
const MINUTE = 60_000

let cron: Carillon
beforeAll(async () => {
  const report = defineJob('report', { handle: () => {} })
  cron = await Carillon.open({ database: 'sqlite::memory:', jobs: [report], queues: {} })
})
afterAll(() => cron.close())

const store = (options: Partial<ScheduleOptions>): Promise<Schedule> =>
  cron.schedule({ key: 'a', ...work, ...options })

/** The lines of one schedule, and what is lost of it. */
async function written(options: Partial<ScheduleOptions>) {
  const { text, warnings } = writeCrontab([await store(options)], { now: NOW })
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return { zone: lines[0]?.replace('CRON_TZ=', ''), lines: lines.slice(1), warnings, text }
}

describe('writeCrontab', () => {
  it.each([
    ['0 2 * * *', '0 2 * * *'],
    ['@daily', '@daily'],
    ['  0   9 * jan,JUL mon-fri ', '0 9 * 1,7 1-5'],
    ['0 9 ? * 1', '0 9 * * 1'],
    ['0 0 9 * * 1', '0 9 * * 1'],
    ['0 0 9 * * 1 *', '0 9 * * 1'],
    ['5/20 * * * *', '5-59/20 * * * *'],
    ['0 9 * 2/3 *', '0 9 * 2-12/3 *'],
    // Either day is enough here; to cron a field that begins with a star asks for both.
    ['0 9 */2 * 1', '0 9 1-31/2 * 1'],
    ['0 9 1 * */2', '0 9 1 * 0-6/2'],
    ['0 9 */2 * +1', '0 9 */2 * 1'],
    ['0 9 * * +1', '0 9 * * 1'],
  ])('writes %s as %s', async (text, line) => {
    expect(await written({ cron: text })).toMatchObject({ zone: 'UTC', lines: [`${line} run`], warnings: [] })
  })

  it.each([
    ['30 0 2 * * *', 'it fires at second 30'],
    ['0 0 2 * * * 2090', 'it fires in the years 2090 only'],
    ['0 9 13 * +FRI', 'it asks for both days'],
    ['0 9 L * *', 'cron does not know such an expression: day of month "L"'],
    ['0 9 15W * *', 'cron does not know'],
    ['0 9 * * 1#2', 'cron does not know'],
  ])('leaves out %s, and says why', async (text, reason) => {
    const { lines, warnings, text: crontab } = await written({ cron: text })
    expect(lines).toEqual([])
    expect(warnings).toMatchObject([{ key: 'a', isLeftOut: true }])
    expect(warnings[0]!.losses[0]).toContain(reason)
    expect(crontab).toContain(`# a\n# left out: ${reason}`)
  })

  it('writes what H stands for', async () => {
    const { lines } = await written({ cron: 'H H(1-5) * * *' })
    expect(lines).toEqual([expect.stringMatching(/^[0-5]?\d [1-5] \* \* \* run$/)])
  })

  it.each([
    ['1m', 0, '* * * * *'],
    ['5m', 0, '*/5 * * * *'],
    ['5m', 2 * MINUTE, '2-59/5 * * * *'],
    ['1h', 75 * MINUTE, '15 * * * *'],
    ['6h', 90 * MINUTE, '30 1-23/6 * * *'],
    ['1d', 150 * MINUTE, '30 2 * * *'],
    ['12h', 14 * 60 * MINUTE, '0 2-23/12 * * *'],
    ['7d', 0, '0 0 * * 4'],
    ['7d', 4 * 1440 * MINUTE, '0 0 * * 1'],
  ])('writes an interval of %s from %d on as %s, in UTC', async (every, anchor, line) => {
    const { zone, lines, warnings } = await written({ every, anchor })
    expect({ zone, lines, warnings }).toEqual({ zone: 'UTC', lines: [`${line} run`], warnings: [] })

    const same = (recurrence: object) => cron.preview(recurrence, 40, { after: '2027-03-01T00:00:00Z' })
    expect(await same({ cron: line })).toEqual(await same({ every, anchor }))
  })

  it.each([
    [{ every: '90s' }, 'it runs every 1m30s'],
    [{ every: '7m' }, 'it runs every 7m'],
    [{ every: '90m' }, 'it runs every 1h30m'],
    [{ every: '2d' }, 'it runs every 2d'],
    [{ every: '5m', anchor: 30_000 }, 'it runs every 5m'],
    [{ at: '2090-01-01T00:00:00Z' }, 'it runs once'],
    [{ cron: '@daily', job: 'report', payload: null }, 'it runs the job "report", which is code'],
    [{ cron: '@daily', active: false }, 'it is paused'],
    [{ at: '2020-01-01T00:00:00Z' }, 'it has no run left'],
    [{ cron: '@daily', payload: { program: 'a\nb', shell: true } }, 'a line break'],
    [
      { cron: '@daily', payload: { program: 'a', env: { 'a-b': '1' } } },
      'no shell can set its variable "a-b"',
    ],
  ])('leaves out %j', async (options, reason) => {
    const { lines, warnings } = await written(options)
    expect(lines).toEqual([])
    expect(warnings).toMatchObject([{ key: 'a', isLeftOut: true }])
    expect(warnings[0]!.losses[0]).toContain(reason)
  })

  it('says in comments what a crontab cannot say', async () => {
    const { text, lines, warnings } = await written({
      cron: ['30 2 * * *', '0 14 * * SAT'],
      timezone: 'Europe/Berlin',
      except: ['2026-12-25'],
      startsAt: '2026-06-01T00:00:00Z',
      endsAt: '2090-01-01T00:00:00Z',
      maxRuns: 9_000,
      spread: '5m',
      jitter: '30s',
      catchUp: '6h',
      overlap: 'skip',
      mutex: 'disk',
      retries: 2,
      timeout: '2h',
      group: 'g',
      note: 'two\nlines',
    })
    expect(lines).toEqual(['30 2 * * * run', '0 14 * * 6 run'])
    expect(warnings).toMatchObject([{ key: 'a', isLeftOut: false }])
    expect(text.slice(text.indexOf('CRON_TZ=E'), text.indexOf('30 2 *'))).toBe(`CRON_TZ=Europe/Berlin

# a
# lost: an instant that several of its expressions name runs it several times
# lost: its rule for clock changes, shift, which matters next on 2027-03-28
# lost: the dates on which it does not run, 2026-12-25
# lost: its first instant, 2026-06-01T00:00:00.000Z
# lost: its last instant, 2090-01-01T00:00:00.000Z
# lost: its limit of 9000 runs
# lost: its spread over 5m
# lost: its jitter of 30s
# lost: its catch-up of 6h
# lost: its overlap policy, skip with the mutex disk
# lost: its 2 retries
# lost: its timeout of 2h
# lost: its group, g
# lost: its note: two\\u000alines
`)
  })

  it('names the zone where it changes', async () => {
    const [a, b, c] = [
      await store({ cron: '@daily', timezone: 'Asia/Tokyo' }),
      await store({ key: 'b\n0 0 * * * rm', cron: '@daily', timezone: 'Asia/Tokyo' }),
      await store({ cron: '@daily' }),
    ]
    const { text } = writeCrontab([a, b, c])
    expect(text.slice(text.indexOf('CRON_TZ=A'))).toBe(`CRON_TZ=Asia/Tokyo

# a
@daily run

# b\\u000a0 0 * * * rm
@daily run

CRON_TZ=UTC

# a
@daily run
`)
  })

  const COMMANDS = [
    { program: 'printf', args: ['%s|', 'a b', "it's", '$HOME', '*', '50 %', ''] },
    { program: 'printf "%s|" "$((1 + 1))" # shell', shell: true },
    { program: 'sh', args: ['-c', 'echo $A; pwd'], cwd: '/usr', env: { A: "it's 5 %", B: '' } },
    { program: 'echo $A && pwd', shell: true, cwd: '/', env: { A: 'x y' } },
    { program: '/bin/bash', args: ['-c', 'echo ${BASH_VERSION:+bash}'] },
    { program: 'echo A=1', shell: true },
  ] as const

  it.each(COMMANDS)('writes a command so that cron runs the same: %j', async (payload) => {
    const [line] = (await written({ cron: '@daily', payload })).lines
    const [schedule] = readCrontab(`${line}\n`).schedules
    expect(await outputOf(schedule!.payload)).toBe(await outputOf(payload))
  })

  it('writes back what it had to read, word by word', async () => {
    const lines = [
      '0 9 1 * * mail -s "It\'s 9 o\'clock, 100 \\%" ops%Hello,%%all 100 \\% well.',
      '@daily cat%x',
      '0 3 * * * tar czf /b/$(date +\\%F).tgz /srv | cat',
    ]
    for (const line of lines) {
      const [schedule] = readCrontab(`${line}\n`).schedules
      expect((await written(schedule!)).lines).toEqual([line])
    }
  })
})

/** What a command of the job `command` prints. */
async function outputOf(payload: unknown): Promise<string> {
  const {
    program,
    args = [],
    shell,
    cwd,
    env,
  } = payload as {
    program: string
    args?: string[]
    shell?: boolean
    cwd?: string
    env?: Record<string, string>
  }
  return execFileSync(program, args, {
    shell: shell === true ? '/bin/sh' : false,
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
}
