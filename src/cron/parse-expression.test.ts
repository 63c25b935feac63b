import { describe, expect, it } from 'vitest'
import { CronSyntaxError } from '../errors.ts'
import { formatExpression } from './format-expression.ts'
import { MAX_LENGTH, parseExpression } from './parse-expression.ts'

describe('parseExpression, what it accepts', () => {
  it.each([
    ['* * * * *', '* * * * *'],
    ['  5\t4   3\n2 1  ', '5 4 3 2 1'],
    ['007 08 09 010 00', '7 8 9 10 0'],
    ['1,2,2,1 * * * *', '1,2,2,1 * * * *'],
    ['5-5 0-23/23 * * *', '5-5 0-23/23 * * *'],
    ['*/59 */23 */31 */12 */6', '*/59 */23 */31 */12 */6'],
    ['5,5-10/2,*/7 * * * *', '5,5-10/2,*/7 * * * *'],
    ['5/15 20/2 10/5 APR/3 TUE/2', '5/15 20/2 10/5 4/3 2/2'],
    ['0 0 * jan-dec sun,Mon,tUe', '0 0 * 1-12 0,1,2'],
    ['0 0 * JAN-6 MON-5/2', '0 0 * 1-6 1-5/2'],
    ['0 0 * * 7', '0 0 * * 0'],
    ['0 0 * * 5-7', '0 0 * * 5-7'],
    ['0 0 * * 1-7/2', '0 0 * * 1-7/2'],
    ['0 0 * * 7/2', '0 0 * * 0/2'],
  ])('reads %j in both syntaxes, as %j', (text, normal) => {
    expect(formatExpression(parseExpression(text, 'standard'))).toBe(normal)
    expect(formatExpression(parseExpression(text, 'extended'))).toBe(normal)
    expect(formatExpression(parseExpression(normal, 'standard'))).toBe(normal)
  })

  it.each([
    ['30 0 0 1 1 *', '30 0 0 1 1 *'],
    ['*/10 * * * * *', '*/10 * * * * *'],
    ['0 0 0 1 1 * 1970,2024-2199/5,*/7', '0 0 0 1 1 * 1970,2024-2199/5,*/7'],
    [' @daily\n', '0 0 * * *'],
    ['@yearly', '0 0 1 1 *'],
    ['0 0 ? * ?', '0 0 * * *'],
    ['0 0 13 * +FRI', '0 0 13 * +5'],
    ['0 0 13 * +*', '0 0 13 * +*'],
    ['0 0 L,L-3,15 * *', '0 0 L,L-3,15 * *'],
    ['0 0 L-30 * *', '0 0 L-30 * *'],
    ['0 0 015W * *', '0 0 15W * *'],
    ['0 0 LW * *', '0 0 LW * *'],
    ['0 0 * * 5L', '0 0 * * 5#L'],
    ['0 0 * * friL', '0 0 * * 5#L'],
    ['0 0 * * 7#2,MON#L,3', '0 0 * * 0#2,1#L,3'],
    ['0 0 * * +1#1', '0 0 * * +1#1'],
  ])('reads %j as extended syntax only, as %j', (text, normal) => {
    expect(formatExpression(parseExpression(text, 'extended'))).toBe(normal)
    expect(formatExpression(parseExpression(normal, 'extended'))).toBe(normal)
    expect(() => parseExpression(text, 'standard')).toThrow(CronSyntaxError)
  })

  it.each([
    ['H H * * *', /^\d+ \d+ \* \* \*$/],
    ['H(5-5) * * * *', /^5 \* \* \* \*$/],
    ['H/15 * * * *', /^(\d|1[0-4])-59\/15 \* \* \* \*$/],
    ['H(0-29)/10 * * * *', /^\d-29\/10 \* \* \* \*$/],
    ['0 0 H * *', /^0 0 ([1-9]|1\d|2[0-8]) \* \*$/],
    ['0 0 H(20-31) H H', /^0 0 (2\d|3[01]) \d+ [0-6]$/],
    ['H,H(30-59) * * * *', /^\d+,\d+ \* \* \* \*$/],
    ['H H H * * * *', /^\d+ \d+ \d+ \* \* \* \*$/],
  ])('resolves %j by the seed', (text, normal) => {
    const resolved = formatExpression(parseExpression(text, 'extended', 'report:42'))
    expect(resolved).toMatch(normal)
    expect(formatExpression(parseExpression(text, 'extended', 'report:42'))).toBe(resolved)
  })
})

describe('parseExpression, what it refuses', () => {
  it.each([
    ['75 * * * *', 'minute "75" is out of range 0-59 (position 0 of "75 * * * *")'],
    ['0 24 * * *', 'hour "24" is out of range 0-23 (position 2 of "0 24 * * *")'],
    ['0 0 0 * *', 'day of month "0" is out of range 1-31 (position 4 of "0 0 0 * *")'],
    ['0 0 1 13 *', 'month "13" is out of range 1-12 (position 6 of "0 0 1 13 *")'],
    ['0 0 * * 8', 'day of week "8" is out of range 0-7 (position 8 of "0 0 * * 8")'],
    ['0 0 0 1 1 * 1969', 'year "1969" is out of range 1970-2199 (position 12 of "0 0 0 1 1 * 1969")'],
    ['1,99999999999999999999 * * * *', 'minute "99999999999999999999" is out of range 0-59 (position 2'],
    ['*/60 * * * *', 'minute step "60" is out of range 1-59 (position 2 of "*/60 * * * *")'],
    ['5-50/0 * * * *', 'minute step "0" is out of range 1-59 (position 5 of "5-50/0 * * * *")'],
    ['0 0 * * */7', 'day of week step "7" is out of range 1-6 (position 10 of "0 0 * * */7")'],
    ['* 22-2 * * *', 'hour "22-2" runs backwards (position 2 of "* 22-2 * * *"): write "22-23,0-2"'],
    ['0 0 * DEC-JAN *', 'month "DEC-JAN" runs backwards (position 6 of "0 0 * DEC-JAN *"): write "12,1"'],
    ['*,5 * * * *', 'minute "*" stands alone, never in a list (position 0 of "*,5 * * * *")'],
    ['0 0 1,15W * *', 'day of month "15W" stands alone, never in a list (position 6 of "0 0 1,15W * *")'],
    ['1,,2 * * * *', 'minute has an empty list item (position 2 of "1,,2 * * * *")'],
    [
      '0 0 * * MONDAY',
      'day of week "MONDAY" is not valid (position 8 of "0 0 * * MONDAY"): did you mean "MON"?',
    ],
    ['0 0 * FBE *', 'month "FBE" is not valid (position 6 of "0 0 * FBE *"): did you mean "FEB"?'],
    ['0 0 l * *', 'day of month "l" is not valid (position 4 of "0 0 l * *"): write "L", in upper case'],
    [
      '0 0 5w * *',
      'day of month "5w" is not valid at "w" (position 5 of "0 0 5w * *"): write "W", in upper case',
    ],
    ['0 0 L-31 * *', 'day of month "L-n" with n "31" is out of range 1-30 (position 6 of "0 0 L-31 * *")'],
    [
      '0 0 * * 1#6',
      'day of week "d#n" with n "6" is out of range 1-5 (position 10 of "0 0 * * 1#6"): write "d#L" for the',
    ],
    [
      'H * * * *',
      'minute "H" needs a seed (position 0 of "H * * * *"): give the schedule a key, or pass the option',
    ],
    ['@dialy', '"@dialy" is not a nickname (position 0 of "@dialy"): did you mean "@daily"?'],
    ['@Daily', '"@Daily" is not a nickname (position 0 of "@Daily"): did you mean "@daily"?'],
    ['@daily 5', '"@daily 5" is not a nickname (position 0 of "@daily 5"): write "@daily" alone'],
    [
      '@every 5m',
      '"@every" is an interval, not a cron expression (position 0 of "@every 5m"): schedule it with',
    ],
    ['@reboot', '"@reboot" names an event, not a time'],
    [
      '* * * *',
      'an expression has 5, 6 or 7 fields, not 4 (position 7 of "* * * *"): write [second] minute hour',
    ],
    ['* * * * * * * *', 'an expression has 5, 6 or 7 fields, not 8 (position 14 of "* * * * * * * *")'],
    ['', 'an expression has 5, 6 or 7 fields, not 0 (position 0 of "")'],
  ])('says what is wrong with %j, where, and what would be right', (text, message) => {
    expect(() => parseExpression(text, 'extended')).toThrow(message)
  })

  it.each(
    [
      [
        '5-',
        '-5',
        '1--5',
        '1-2-3',
        '*/',
        '/5',
        '*/5/2',
        '*-5',
        '5-*',
        '**',
        '*5',
        '5*',
        ',',
        '1,',
        '1;2',
        '1~5',
        '1..5',
      ],
      [
        '1.5',
        '1e1',
        '0x10',
        '1_0',
        '\uff11',
        '\uff15',
        '\u0663',
        'JAN',
        'MON',
        'L',
        '5L',
        '?',
        '+1',
        '5#1',
        '5W',
        '@daily',
        '"5"',
      ],
      [
        'H(1)',
        'H(1-)',
        'H(5-1)',
        'H(1-5',
        'H(0-60)',
        'H1',
        'HH',
        'h',
        'H/60',
        'H(0-9)/11',
        'H()',
        'H-5',
        'H/',
      ],
    ].flat(),
  )('refuses the minute %j', (field) => {
    expect(() => parseExpression(`${field} * * * *`, 'extended', 'seed')).toThrow(CronSyntaxError)
  })

  it.each([
    'L-0',
    'L-',
    'L3',
    'L/2',
    'W',
    '0W',
    '32W',
    '1-5W',
    'WL',
    'L,LW',
    '5W/2',
    '?/2',
    '?,1',
    '1,?',
    '5#1',
    '+5',
  ])('refuses the day of month %j', (field) => {
    expect(() => parseExpression(`0 0 ${field} * *`, 'extended')).toThrow(CronSyntaxError)
  })

  it.each([
    'L',
    'LW',
    '1#0',
    '1#',
    '1#L2',
    '1-5#1',
    '1#1-2',
    '1-5L',
    '*#1',
    '5l',
    '5#l',
    '+',
    '++1',
    '+?',
    '1,+2',
    '5L/2',
  ])('refuses the day of week %j', (field) => {
    expect(() => parseExpression(`0 0 * * ${field}`, 'extended')).toThrow(CronSyntaxError)
  })

  it.each([undefined, null, 5, true, {}, [], Symbol('cron'), () => '* * * * *', new Date(0)])(
    'refuses what is not text, such as %s',
    (value) => {
      expect(() => parseExpression(value, 'extended')).toThrow(CronSyntaxError)
    },
  )

  it('refuses a text of more than 1,024 characters unread', () => {
    const longest = `${'1,'.repeat(506)}11 * * * *`
    expect(longest.length).toBeLessThanOrEqual(MAX_LENGTH)
    expect(() => parseExpression(longest, 'standard')).not.toThrow()
    expect(() => parseExpression(longest.padEnd(MAX_LENGTH + 1), 'standard')).toThrow(
      /at most 1024 characters, not 1025/,
    )
  })

  it('reports field, position and suggestion for programs', () => {
    const error = refusal('0 9-17 * * MOM')
    expect(error).toMatchObject({ code: 'CRON_SYNTAX', expression: '0 9-17 * * MOM', field: 'day of week' })
    expect(error).toMatchObject({ position: 11, suggestion: 'did you mean "MON"?' })
  })

  it('finds the fault in any field, at its place', () => {
    const good = ['0', '0', '1', '1', '1', '2024']
    const names = ['minute', 'hour', 'day of month', 'month', 'day of week', 'year']
    for (const [i, name] of names.entries()) {
      const fields = ['0', ...good.with(i, '9999')]
      const error = refusal(fields.join(' '))
      expect(error).toMatchObject({ field: name, position: fields.slice(0, i + 1).join(' ').length + 1 })
    }
  })

  it('repeats no more than the beginning of a long text', () => {
    const error = refusal(`${'9'.repeat(1000)} * * * *`)
    expect(error.message.length).toBeLessThan(300)
  })
})

function refusal(text: string): CronSyntaxError {
  try {
    parseExpression(text, 'extended')
  } catch (error) {
    if (error instanceof CronSyntaxError) return error
    throw error
  }
  throw new Error(`${text} was not refused`)
}
