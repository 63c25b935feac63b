import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { Carillon, type CreatedToken, type Token } from '../../src/index.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { commandLine } from './carillon.ts'
import { fakeTerminal } from './fake-terminal.ts'

const TEXT = /^crn_([0-9A-Za-z]{12})_([\w-]{43})$/
const READ = ['--scope', 'read']

let folder: ReturnType<typeof temporaryFolder>
let database: string
beforeEach(async () => {
  folder = temporaryFolder()
  database = `sqlite:${folder.file('carillon.db')}`
  await (await Carillon.open({ database })).close()
})
afterEach(() => folder[Symbol.dispose]())

const env: Record<string, string> = {}

async function token(...argv: string[]) {
  const terminal = fakeTerminal({ cwd: folder.path, env: { CARILLON_DATABASE: database, ...env } })
  const status = await run(['token', ...argv], terminal)
  return { status, printed: terminal.printed, complained: terminal.complained }
}

async function json<T>(...argv: string[]): Promise<T> {
  const { status, printed, complained } = await token(...argv, '--json')
  expect({ status, complained }).toEqual({ status: 0, complained: '' })
  return JSON.parse(printed) as T
}

/** Creates a token. @returns its text */
async function created(...argv: string[]): Promise<string> {
  const { status, printed } = await token('create', ...argv)
  expect(status).toBe(0)
  return printed.trim()
}

const idOf = (text: string) => TEXT.exec(text)?.[1] ?? ''
const secretOf = (text: string) => TEXT.exec(text)?.[2] ?? ''

describe('carillon token create', () => {
  it('prints the token alone, and tells beside it what it is good for', async () => {
    const argv = ['--group', 'blue', '--group', 'red', '--job', 'report', '--expires-in', '90d']
    const { status, printed, complained } = await token(
      'create',
      'Team',
      ...READ,
      '--namespace',
      'acme',
      ...argv,
    )
    const id = idOf(printed.trim())

    expect(status).toBe(0)
    expect(printed).toMatch(/^crn_\w{12}_[\w-]{43}\n$/)
    expect(complained).toBe(
      `Token ${id}: scope read; namespace acme; groups blue, red; jobs report; for 90d. ` +
        'It is shown this once: keep it where passwords are kept.\n',
    )
    expect(await json<Token[]>('list')).toMatchObject([
      {
        id,
        label: 'Team',
        scope: 'read',
        namespace: 'acme',
        groups: ['blue', 'red'],
        jobs: ['report'],
        createdBy: 'tester',
      },
    ])
  })

  it('says so when it is for all namespaces, without an end', async () => {
    const { complained } = await token('create', 'ops', '--scope', 'admin', '--actor', 'anna')
    expect(complained).toMatch(/: scope admin; all namespaces; until it is revoked\. /)
    expect(await json<Token[]>('list')).toMatchObject([{ createdBy: 'anna', state: 'in-force' }])
  })

  it('prints one JSON value', async () => {
    const { id, token: text } = await json<CreatedToken>('create', 'ops', ...READ)
    expect(idOf(text)).toBe(id)
  })

  it('creates what the library verifies', async () => {
    const text = await created('ops', ...READ)
    await using cron = await Carillon.open({ database })
    expect(await cron.tokens.verify(text)).toMatchObject({ id: idOf(text), label: 'ops' })
  })

  it('leaves a shell with the token alone', async () => {
    using cli = commandLine()
    await cli.run('migrate')
    const { status, stdout, stderr } = await cli.run('token', 'create', 'ops', ...READ)
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^crn_\w{12}_[\w-]{43}\n$/),
    })
    expect(stderr).toContain('It is shown this once')
    expect(stderr).not.toContain(secretOf(stdout.trim()))
  })

  it.each<[string[], string]>([
    [['create', ...READ], 'missing required argument'],
    [['create', 'x'], '--scope'],
    [
      ['create', 'x', '--scope', 'reed'],
      '--scope "reed" is not one of read, write, admin: did you mean "read"?',
    ],
    [['create', '', ...READ], 'label "" is not a text of 1 to 255 characters'],
    [['create', 'x', ...READ, '--group', 'a'], '--namespace is missing'],
    [['create', 'x', ...READ, '--namespace', 'a', '--job', ''], '--job "" is not a text'],
    [['create', 'x', ...READ, '--namespace', 'a', '--group', 'y'.repeat(256)], '--group "yyy'],
    [['create', 'x', ...READ, '--expires-in', 'soon'], '--expires-in "soon" is not a duration'],
    [['create', 'x', ...READ, '--expires-in', '0s'], '--expires-in must be longer than 0'],
    [['create', 'x', ...READ, '--actor', ''], '--actor "" is not a text'],
  ])('refuses %j', async (argv, message) => {
    const { status, printed, complained } = await token(...argv)
    expect({ status, printed }).toEqual({ status: 2, printed: '' })
    expect(complained).toContain(message)
    expect(await json('list')).toEqual([])
  })

  it('creates no database', async () => {
    database = `sqlite:${folder.file('other.db')}`
    const { status, complained } = await token('create', 'x', ...READ)
    expect(status).toBe(1)
    expect(complained).toContain('there is no database at')
  })
})

describe('carillon token list', () => {
  it('tells all but the tokens themselves', async () => {
    expect((await token('list')).printed).toBe('There are no tokens.\n')
    const texts = [
      await created('Grafana', ...READ, '--expires-in', '1d'),
      await created('a\nlabel', '--scope', 'write', '--namespace', 'acme', '--group', 'blue'),
    ]
    await token('revoke', idOf(texts[1]!))
    const { printed } = await token('list')

    expect(printed).toMatch(/^ID +STATE +SCOPE +NAMESPACE +GROUPS +JOBS +ENDS \(.+\) +LAST USED +BY +LABEL$/m)
    expect(printed).toMatch(/^\w{12} +in-force +read +all +all +all +\d{4}-\S+ \S+ +never +tester +Grafana$/m)
    expect(printed).toMatch(/^\w{12} +revoked +write +acme +blue +all +- +never +tester +a⏎label$/m)
    for (const text of texts)
      expect(printed + JSON.stringify(await json('list'))).not.toContain(secretOf(text))
    expect(await json<Token[]>('list', '--namespace', 'acme')).toMatchObject([{ label: 'a\nlabel' }])
  })
})

describe('carillon token revoke', () => {
  it('ends a token, once', async () => {
    const text = await created('ops', ...READ)
    const id = idOf(text)
    expect(await token('revoke', id)).toEqual({ status: 0, printed: `Revoked ${id}.\n`, complained: '' })
    expect((await token('revoke', id)).printed).toBe(`${id} had ended before.\n`)
    expect(await json('revoke', id)).toEqual({ id, wasInForce: false })
    await using cron = await Carillon.open({ database })
    expect(await cron.tokens.verify(text)).toBeUndefined()
  })

  it('takes the whole token, and does not repeat it', async () => {
    const text = await created('ops', ...READ)
    const { status, printed, complained } = await token('revoke', text)
    expect({ status, printed }).toEqual({ status: 0, printed: `Revoked ${idOf(text)}.\n` })
    expect(printed + complained).not.toContain(secretOf(text))
  })

  it('says that there is none, without repeating what may be a secret', async () => {
    const text = await created('ops', ...READ)
    const others = [`crn_000000000000_${secretOf(text)}`, secretOf(text), `${text}x`, 'nobody', '']
    for (const other of others) {
      for (const more of [[], ['--json']]) {
        const { status, printed, complained } = await token('revoke', other, ...more)
        expect({ status, printed }).toEqual({ status: 1, printed: '' })
        expect(complained).toContain('no token has this id')
        expect(complained).not.toContain(secretOf(text))
      }
    }
    expect(await json<Token[]>('list')).toMatchObject([{ state: 'in-force' }])
  })
})

describe('a token that was typed where it does not belong', () => {
  afterEach(() => delete env['CARILLON_DEBUG'])

  it.each([[''], ['1']])('is not repeated in an error, with CARILLON_DEBUG=%j', async (debug) => {
    env['CARILLON_DEBUG'] = debug
    const text = await created('ops', ...READ)
    for (const argv of [[text], ['create', 'x', '--scope', text], ['list', text], ['revoke', text, text]]) {
      for (const more of [[], ['--json']]) {
        const { status, complained } = await token(...argv, ...more)
        expect(status).toBe(2)
        expect(complained).not.toContain(secretOf(text))
        expect(complained).not.toBe('')
      }
    }
  })
})
