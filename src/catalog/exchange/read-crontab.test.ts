import { describe, expect, it } from 'vitest'
import { readCrontab, type CrontabOptions } from './read-crontab.ts'

const sh = (program: string) => ({ program, shell: true })
const fed = (command: string, input: string, shell = '/bin/sh') => ({
  program: '/bin/sh',
  args: ['-c', 'printf %s "$1" | "$2" -c "$0"', command, input, shell],
})
/** Before all clock changes of the year. */
const NOW = Date.parse('2027-01-15T00:00:00Z')

/** Reads with HOME and PATH set, so that only what is about the lines is told; and without those two in the payloads. */
function read(text: string, options: CrontabOptions = {}) {
  const { schedules, warnings } = readCrontab(text, { now: NOW, ...options })
  return { schedules, warnings: warnings.filter(({ code }) => code !== 'environment') }
}

/** A line, as it is found in the wild: its expression, its rule for clock changes, its payload, and what is remarked on. */
const LINES: readonly (readonly [line: string, cron: string, dst: string, payload: object, codes: string])[] =
  [
    // From crontab(5), Debian's /etc/crontab, and what people write.
    [
      '5 0 * * * $HOME/bin/daily.job >> $HOME/tmp/out 2>&1',
      '5 0 * * *',
      'vixie',
      sh('$HOME/bin/daily.job >> $HOME/tmp/out 2>&1'),
      '',
    ],
    ['15 14 1 * *     $HOME/bin/monthly', '15 14 1 * *', 'vixie', sh('$HOME/bin/monthly'), ''],
    [
      `0 22 * * 1-5   mail -s "It's 10pm" joe%Joe,%%Where are your kids?%`,
      '0 22 * * 1-5',
      'vixie',
      fed(`mail -s "It's 10pm" joe`, 'Joe,\n\nWhere are your kids?\n'),
      'stdin',
    ],
    [
      '23 0-23/2 * * * echo "run 23 minutes after midn, 2am, 4am ..., everyday"',
      '23 0-23/2 * * *',
      'vixie',
      sh('echo "run 23 minutes after midn, 2am, 4am ..., everyday"'),
      '',
    ],
    [
      '5 4 * * sun     echo "run at 5 after 4 every sunday"',
      '5 4 * * sun',
      'vixie',
      sh('echo "run at 5 after 4 every sunday"'),
      '',
    ],
    ['30 4 1,15 * 5 true', '30 4 1,15 * 5', 'vixie', sh('true'), ''],
    [
      '*/5 * * * * /usr/bin/flock -n /tmp/x.lock ./sync',
      '*/5 * * * *',
      'vixie',
      sh('/usr/bin/flock -n /tmp/x.lock ./sync'),
      '',
    ],
    [
      '* * * * * cd /path-to-your-project && php artisan schedule:run >> /dev/null 2>&1',
      '* * * * *',
      'vixie',
      sh('cd /path-to-your-project && php artisan schedule:run >> /dev/null 2>&1'),
      '',
    ],
    [
      '0 3 * * * tar czf /b/$(date +\\%Y-\\%m-\\%d).tgz /srv',
      '0 3 * * *',
      'vixie',
      sh('tar czf /b/$(date +%Y-%m-%d).tgz /srv'),
      '',
    ],
    ['0 3 * * * date +%Y-%m', '0 3 * * *', 'vixie', fed('date +', 'Y-\nm\n'), 'stdin'],
    ['0 3 * * * cat%a \\% b', '0 3 * * *', 'vixie', fed('cat', 'a % b\n'), 'stdin'],
    ['0 3 * * * cat%', '0 3 * * *', 'vixie', sh('cat'), ''],
    ['0 3 * * * echo \\\\% and \\x', '0 3 * * *', 'vixie', sh('echo \\% and \\x'), ''],
    ['0 3 * * * FOO=bar BAZ="x y" ./run', '0 3 * * *', 'vixie', sh('FOO=bar BAZ="x y" ./run'), ''],
    ['0 3 * * * run # not a comment to cron', '0 3 * * *', 'vixie', sh('run # not a comment to cron'), ''],
    ['\t 0  3 \t*  *   *\t\trun', '0 3 * * *', 'vixie', sh('run'), ''],

    // Nicknames.
    ['@daily /usr/local/bin/rotate', '@daily', 'vixie', sh('/usr/local/bin/rotate'), ''],
    ['@midnight run', '@midnight', 'vixie', sh('run'), ''],
    ['@hourly run', '@hourly', 'vixie', sh('run'), ''],
    ['@weekly run', '@weekly', 'vixie', sh('run'), ''],
    ['@annually run', '@annually', 'vixie', sh('run'), ''],
    ['@every_minute run', '* * * * *', 'vixie', sh('run'), ''],

    // Names, Sunday, lists.
    ['0 9 * jan,jul mon-fri run', '0 9 * jan,jul mon-fri', 'vixie', sh('run'), ''],
    ['0 9 * * MON,WED,FRI run', '0 9 * * MON,WED,FRI', 'vixie', sh('run'), ''],
    ['0 9 * * 7 run', '0 9 * * 7', 'vixie', sh('run'), ''],
    ['0 9 * * 5-7 run', '0 9 * * 5-7', 'vixie', sh('run'), ''],
    ['0 9 * * 0-7/2 run', '0 9 * * 0-7/2', 'vixie', sh('run'), ''],
    ['00 09 * * * run', '00 09 * * *', 'vixie', sh('run'), ''],
    ['5,35 8-17,20 * * * run', '5,35 8-17,20 * * *', 'vixie', sh('run'), ''],

    // What cron calls a wildcard follows the clock on the wall.
    ['*/10 2 * * * run', '*/10 2 * * *', 'literal', sh('run'), ''],
    ['0 */2 * * * run', '0 */2 * * *', 'literal', sh('run'), ''],
    ['0,30 * * * * run', '0,30 * * * *', 'vixie', sh('run'), ''],

    // Day fields that begin with a star.
    ['0 0 */2 * 1 run', '0 0 */2 * +1', 'vixie', sh('run'), 'star-step'],
    ['0 0 13 * */2 run', '0 0 13 * +*/2', 'vixie', sh('run'), 'star-step'],
    ['0 0 */2 * * run', '0 0 */2 * *', 'vixie', sh('run'), ''],
    ['0 0 1-31 * 1 run', '0 0 1-31 * 1', 'vixie', sh('run'), ''],

    // What only some crons know.
    ['5/15 * * * * run', '5/15 * * * *', 'vixie', sh('run'), 'start-step'],
    ['~ 3 * * * run', 'H 3 * * *', 'vixie', sh('run'), 'random'],
    ['10~40 1~5 * * * run', 'H(10-40) H(1-5) * * *', 'vixie', sh('run'), 'random'],
    ['~/15 * * * * run', 'H/15 * * * *', 'vixie', sh('run'), 'random'],
    ['30~ ~6 * * mon~fri run', 'H(30-59) H(0-6) * * H(mon-fri)', 'vixie', sh('run'), 'random'],
    ['0~9 0 */2 * 1 run', 'H(0-9) 0 */2 * +1', 'vixie', sh('run'), 'star-step random'],
    ['-*/5 * * * * run', '*/5 * * * *', 'vixie', sh('run'), 'unlogged'],
    ['@daily -q run', '@daily', 'vixie', sh('run'), 'flags'],
    ['0 3 * * * -ns run', '0 3 * * *', 'vixie', sh('run'), 'flags'],

    // What looks like a mistake.
    ['0 3 * * * root /usr/sbin/logrotate', '0 3 * * *', 'vixie', sh('root /usr/sbin/logrotate'), 'system'],
    ['0 3 * * * run --one \\', '0 3 * * *', 'vixie', sh('run --one \\'), 'continuation'],
    ['0 3 * * * echo "not closed', '0 3 * * *', 'vixie', sh('echo "not closed'), ''],
  ]

/** Lines that are left out, and why. */
const REFUSED: readonly (readonly [line: string, code: string, told: RegExp])[] = [
  ['@reboot /srv/start', 'reboot', /outlives its servers.*systemd/],
  ['61 * * * * run', 'syntax', /minute "61" is out of range 0-59/],
  ['0 24 * * * run', 'syntax', /hour "24" is out of range 0-23/],
  ['0 0 0 * * run', 'syntax', /day of month "0"/],
  ['0 22-6 * * * run', 'syntax', /runs backwards.*write "22-23,0-6"/],
  ['0 0 * * 5-1 run', 'syntax', /runs backwards/],
  ['0 0 * * 8 run', 'syntax', /day of week "8"/],
  ['0 0 * * monday run', 'syntax', /did you mean "MON"/],
  ['*/90 * * * * run', 'syntax', /90/],
  ['*,5 * * * * run', 'syntax', /\*/],
  ['0 0 L * * run', 'syntax', /day of month "L"/],
  ['0 0 ? * 1 run', 'syntax', /\?/],
  ['H H * * * run', 'syntax', /minute "H"/],
  ['40~10 * * * * run', 'syntax', /runs backwards/],
  ['@fortnightly run', 'syntax', /not a nickname/],
  ['@Daily run', 'syntax', /did you mean "@daily"/],
  ['@every 5m run', 'syntax', /an interval/],
  ['* * * * * * run', 'sixth-field', /six fields/],
  ['0 3 * * *', 'no-command', /no command/],
  ['@daily', 'no-command', /no command/],
  ['0 3 * * * %text', 'no-command', /no command/],
  ['0 3 * *', 'syntax', /neither a time and a command nor a variable/],
  ['run this daily', 'syntax', /neither/],
  ['1 5 cron.daily nice run-parts /etc/cron.daily', 'syntax', /day of month|neither/],
  [`0 3 * * * echo ${'x'.repeat(40_000)}`, 'too-long', /40015 characters/],
  ['CRON_TZ=Europe/Berlon', 'time-zone', /did you mean "Europe\/Berlin".*IANA/],
  ['RANDOM_DELAY=soon', 'random-delay', /number of minutes/],
]

describe('readCrontab', () => {
  it.each(LINES)('reads %s', (line, cron, dst, payload, codes) => {
    const { schedules, warnings } = read(`${line}\n`)
    expect(schedules).toMatchObject([{ cron, dst, payload, job: 'command', timezone: 'UTC' }])
    expect(warnings.map(({ code }) => code).join(' ')).toBe(codes)
    for (const warning of warnings) {
      expect(warning).toMatchObject({ line: 1, text: line.trim(), isRefused: false })
      expect(warning.remedy).not.toBe('')
    }
  })

  it.each(REFUSED)('leaves out %s', (line, code, told) => {
    const { schedules, warnings } = read(`# one\n${line}\n0 3 * * * run\n`)
    expect(schedules).toHaveLength(code === 'time-zone' ? 0 : 1)
    expect(warnings[0]).toMatchObject({ line: 2, code, isRefused: true })
    expect(`${warnings[0]!.differs}: ${warnings[0]!.remedy}`).toMatch(told)
    expect(warnings[0]!.text.length).toBeLessThanOrEqual(120)
  })

  it('skips comments and blank lines', () => {
    expect(readCrontab('\n  \t\n# m h dom mon dow command\n   # 0 3 * * * run\n')).toEqual({
      schedules: [],
      warnings: [],
    })
    expect(readCrontab('')).toEqual({ schedules: [], warnings: [] })
  })

  it('applies variables to the lines that follow', () => {
    const { schedules, warnings } = readCrontab(
      `0 1 * * * a
       SHELL=/bin/bash
       PATH = "/usr/local/bin:/usr/bin"
       'GREETING' = ' hello '
       HOME=/srv/app
       LOGNAME=nobody
       MAILTO=""
       0 2 * * * b
       SHELL=/bin/sh
       0 3 * * * cat%x
      `,
    )
    const env = { SHELL: '/bin/bash', PATH: '/usr/local/bin:/usr/bin', GREETING: ' hello ', HOME: '/srv/app' }
    expect(schedules.map(({ payload }) => payload)).toEqual([
      sh('a'),
      { program: '/bin/bash', args: ['-c', 'b'], cwd: '/srv/app', env },
      { ...fed('cat', 'x\n'), cwd: '/srv/app', env: { ...env, SHELL: '/bin/sh' } },
    ])
    expect(warnings.map(({ line, code }) => [line, code])).toEqual([
      [undefined, 'environment'],
      [10, 'stdin'],
    ])
  })

  it('tells of mail, of TZ, and of random delays', () => {
    const { schedules, warnings } = read(
      'MAILTO=ops\nTZ=Asia/Tokyo\n@daily a\nCRON_TZ=Europe/Berlin\nRANDOM_DELAY=45\n@daily b\nRANDOM_DELAY=0\nCRON_TZ=\nTZ=\n@daily c\n',
      { timezone: 'America/New_York' },
    )
    expect(schedules).toMatchObject([
      { timezone: 'Asia/Tokyo', payload: { env: { TZ: 'Asia/Tokyo' } } },
      { timezone: 'Europe/Berlin', spread: '45m', payload: { env: { TZ: 'Asia/Tokyo' } } },
      { timezone: 'America/New_York' },
    ])
    expect(schedules[2]).not.toHaveProperty('spread')
    expect(warnings.map(({ line, code }) => [line, code])).toEqual([
      [1, 'mail'],
      [2, 'tz-variable'],
      [5, 'random-delay'],
    ])
  })

  it('leaves out what stands under a zone that is not known, until there is another', () => {
    const { schedules, warnings } = read('CRON_TZ=Mars/Base\n@daily a\nCRON_TZ=:Asia/Tokyo\n@daily b\n')
    expect(schedules).toMatchObject([{ timezone: 'Asia/Tokyo', payload: sh('b') }])
    expect(warnings.map(({ line, code, isRefused }) => [line, code, isRefused])).toEqual([
      [1, 'time-zone', true],
      [2, 'time-zone', true],
    ])
  })

  it('warns where a range of hours meets a clock change otherwise than in cron', () => {
    const options = { timezone: 'Europe/Berlin' }
    const [warning] = read('0 1-4 * * * run\n', options).warnings
    expect(warning).toMatchObject({ line: 1, code: 'clock-change', isRefused: false })
    expect(warning!.differs).toContain('2027-10-31')
    expect(warning!.remedy).toBe('write the hours as 1-4/1 to have them as cron does')

    for (const line of [
      '0 9-17 * * *',
      '0 1-4/1 * * *',
      '0 1,2,3 * * *',
      '* * * * *',
      '*/5 1-4 * * *',
      '@daily',
    ])
      expect(read(`${line} run\n`, options).warnings, line).toEqual([])
    expect(read('0 1-4 * * * run\n', { timezone: 'Asia/Tokyo' }).warnings).toEqual([])
  })

  it('takes the user of a system crontab off the command, and says that nobody becomes that user', () => {
    const { schedules, warnings } = read(
      '17 * * * *\troot    cd / && run-parts --report /etc/cron.hourly\n@daily www-data -n ./x\n25 6 * * * root\n',
      { system: true },
    )
    expect(schedules).toMatchObject([
      { payload: sh('cd / && run-parts --report /etc/cron.hourly') },
      { payload: sh('./x') },
    ])
    expect(warnings.map(({ line, code }) => [line, code])).toEqual([
      [1, 'user'],
      [2, 'user'],
      [2, 'flags'],
      [3, 'no-command'],
    ])
    expect(warnings[0]!.differs).toContain('as root')
  })

  it('makes each line a job of the application, with the command in the payload', () => {
    const { schedules, warnings } = readCrontab('A=1\n0 3 * * * deploy go%now\n', {
      job: 'run',
      group: 'old',
    })
    expect(schedules).toMatchObject([
      { job: 'run', group: 'old', payload: { command: 'deploy go', input: 'now\n', env: { A: '1' } } },
    ])
    expect(warnings.map(({ code }) => code)).toEqual(['stdin'])
    const system = readCrontab('0 3 * * * joe x\n', { job: 'run', system: true })
    expect(system).toMatchObject({ schedules: [{ payload: { command: 'x', user: 'joe' } }], warnings: [] })
  })

  it('takes -s of BSD for overlap skip', () => {
    expect(read('@hourly -s run\n').schedules).toMatchObject([{ overlap: 'skip', payload: sh('run') }])
  })

  it('reads what editors of Windows write, and tells of it', () => {
    const { schedules, warnings } = read('\uFEFF# x\r\n\r\n0 3 * * * run\r\n')
    expect(schedules).toMatchObject([{ payload: sh('run') }])
    expect(warnings).toMatchObject([{ line: undefined, code: 'line-ends' }])
  })

  it('tells that cron would not have seen a last line without its end', () => {
    const { schedules, warnings } = read('0 3 * * * a\n0 4 * * * b')
    expect(schedules).toHaveLength(2)
    expect(warnings).toMatchObject([{ line: 2, code: 'last-line', text: '0 4 * * * b', isRefused: false }])
    expect(read('0 3 * * * a\n# b').warnings).toEqual([])
  })

  it('shows no control characters of a line', () => {
    const [warning] = read('0 3 * * * \u001b[31mred\u202e%x\n').warnings
    expect(warning!.text).toBe(String.raw`0 3 * * * \u001b[31mred\u202e%x`)
  })

  it('refuses what is no text, and a zone that is none', () => {
    expect(() => readCrontab('0 3 * * *\0 run')).toThrow('NUL')
    expect(() => readCrontab('', { timezone: 'Europe/Berlon' })).toThrow('did you mean "Europe/Berlin"')
  })
})

describe('the key of a line', () => {
  const keys = (text: string, options?: CrontabOptions) => read(text, options).schedules.map(({ key }) => key)
  const text = '0 3 * * * /usr/bin/pg_dump -Fc app\n0 4 * * * ./b\n0 5 * * * ./b\n'

  it('is a few words of the command, and a hash', () => {
    expect(keys(text)).toEqual(['pg-dump-fc-app-0d8b1484', 'b-935924ae', 'b-935924ae-2'])
    expect(keys('0 3 * * * "…"\n')[0]).toMatch(/^command-[0-9a-f]{8}$/)
    expect(keys(`0 3 * * * ${'word '.repeat(100)}\n`)[0]).toMatch(/^(word-){8}[0-9a-f]{8}$/)
    expect(keys(`0 3 * * * ${'x'.repeat(500)}\n`)[0]).toMatch(/^x{40}-[0-9a-f]{8}$/)
  })

  it('stays the same when times, variables and other lines change', () => {
    const [dump, b] = keys(text)
    expect(
      keys('A=1\n# note\n@daily x\n1 1 * * *  ./b\n*/5 * * * *\t/usr/bin/pg_dump -Fc app\n').slice(1),
    ).toEqual([b, dump])
    expect(keys(text, { job: 'run', timezone: 'Asia/Tokyo' })).toEqual(keys(text))
  })

  it('differs by command, group and user', () => {
    const all = [
      ...keys('@daily a b\n@daily a  b\n'),
      ...keys('@daily a b\n', { group: 'g' }),
      ...keys('@daily root a b\n@daily joe a b\n', { system: true }),
    ]
    expect(new Set(all).size).toBe(5)
  })
})
