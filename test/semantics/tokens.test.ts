import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { beforeEach, describe, expect, inject, it } from 'vitest'
import { InvalidInputError, type Carillon } from '../../src/index.ts'
import { instant, time, useWorld } from './support.ts'

const world = useWorld()
const READER = { label: 'dashboard', scope: 'read' } as const

/** Makes the database refuse to change tokens, and lets it again. */
const FORBID_WRITES = {
  sqlite: `create trigger refuse before update on carillon_tokens begin select raise(abort, 'refused'); end`,
  postgres: `alter table carillon_tokens add constraint refuse check (last_used_at = 0)`,
  mysql: `alter table carillon_tokens add constraint refuse check (last_used_at = 0)`,
}
const ALLOW_WRITES = {
  sqlite: `drop trigger refuse`,
  postgres: `alter table carillon_tokens drop constraint refuse`,
  mysql: `alter table carillon_tokens drop constraint refuse`,
}

let cron: Carillon
beforeEach(async () => {
  cron = await world.open()
})

/** The parts of a token's text. */
function partsOf(token: string): { id: string; secret: string } {
  const [, id = '', secret = ''] = /^crn_(.{12})_(.{43})$/.exec(token) ?? []
  return { id, secret }
}

describe('a token', () => {
  it('is described as it was created, without its text', async () => {
    const { id, token } = await cron.tokens.create({
      label: 'team blue',
      scope: 'write',
      namespace: 'acme',
      groups: ['blue', 'blue', 'Größe'],
      jobs: ['note'],
      expiresIn: '1h',
      createdBy: 'anna',
    })

    expect(partsOf(token).id).toBe(id)
    expect(await cron.tokens.list()).toEqual([
      {
        id,
        label: 'team blue',
        scope: 'write',
        state: 'in-force',
        namespace: 'acme',
        groups: ['blue', 'Größe'],
        jobs: ['note'],
        createdAt: new Date(instant('10:00')),
        createdBy: 'anna',
        expiresAt: new Date(instant('11:00')),
        revokedAt: undefined,
        lastUsedAt: undefined,
      },
    ])
  })

  it('is for all namespaces, without an end, unless something else is said', async () => {
    await cron.tokens.create(READER)

    expect(await cron.tokens.list()).toMatchObject([
      {
        namespace: undefined,
        groups: undefined,
        jobs: undefined,
        expiresAt: undefined,
        createdBy: undefined,
      },
    ])
  })

  it('is stored as the hash of its secret alone', async () => {
    const { id, token } = await cron.tokens.create(READER)
    const { secret } = partsOf(token)
    const content = inspect(await world.dump(), { depth: 9, maxStringLength: null, maxArrayLength: null })

    expect(content).toContain(id)
    expect(content).toContain(createHash('sha256').update(secret).digest('base64url'))
    expect(content).not.toContain(secret)
  })

  it('is another one each time', async () => {
    const created = await Promise.all(Array.from({ length: 20 }, () => cron.tokens.create(READER)))

    expect(new Set(created.map(({ id }) => id)).size).toBe(20)
    expect(new Set(created.map(({ token }) => partsOf(token).secret)).size).toBe(20)
    expect(await cron.tokens.list()).toHaveLength(20)
  })

  it('ends at an instant, or when it is revoked, and stays ended', async () => {
    const { id: first } = await cron.tokens.create({ ...READER, expiresAt: new Date(instant('10:30')) })
    await world.clock.advance('1s')
    const { id: second } = await cron.tokens.create(READER)
    const states = async () => (await cron.tokens.list()).map(({ state }) => state)

    expect(await cron.tokens.revoke(second)).toBe(true)
    expect(await states()).toEqual(['in-force', 'revoked'])
    await world.clock.advanceTo(instant('10:30') - 1)
    expect(await states()).toEqual(['in-force', 'revoked'])
    await world.clock.advanceTo(instant('10:30'))
    expect(await states()).toEqual(['expired', 'revoked'])
    expect(await cron.tokens.revoke(first)).toBe(false)
    expect(await cron.tokens.revoke(second)).toBe(false)
    expect(await cron.tokens.list()).toMatchObject([
      { id: first, state: 'revoked', revokedAt: new Date(instant('10:30')) },
      { id: second, state: 'revoked', revokedAt: new Date(instant('10:00:01')) },
    ])
  })

  it('is revoked by one of those who do so at once, also by its whole text', async () => {
    const { id, token } = await cron.tokens.create(READER)
    const other = await world.open()
    const answers = await Promise.all([cron.tokens.revoke(token), other.tokens.revoke(id)])

    expect(answers.toSorted()).toEqual([false, true])
    expect(await cron.tokens.revoke('nobody')).toBe(false)
    expect(await cron.tokens.revoke('a\u0000')).toBe(false)
  })

  it('may have the longest names and lists that there may be', async () => {
    const names = Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(255, 'ü'))
    const longest = { label: 'x'.repeat(255), namespace: 'ü'.repeat(255), groups: names, jobs: names }
    await cron.tokens.create({ ...READER, ...longest, createdBy: 'x'.repeat(255) })

    expect(await cron.tokens.list()).toMatchObject([longest])
  })

  it('whose lists were damaged reaches nothing, rather than all', async () => {
    await cron.tokens.create({ ...READER, namespace: 'acme', groups: ['a'], jobs: ['b'] })
    await world.sql(`update carillon_tokens set "groups" = '["a', jobs = '{}'`)

    expect(await cron.tokens.list()).toMatchObject([{ groups: [], jobs: [] }])
  })
})

describe('a token that is presented', () => {
  it('is told from one that is wrong, unknown, expired, revoked, or none at all', async () => {
    const { id, token } = await cron.tokens.create({ ...READER, namespace: 'acme', expiresIn: '1h' })
    const revoked = await cron.tokens.create(READER)
    await cron.tokens.revoke(revoked.id)
    const { secret } = partsOf(token)
    const bad = [
      revoked.token,
      `crn_${revoked.id}_${secret}`,
      `crn_${'A'.repeat(12)}_${secret}`,
      `crn_${id}_${'A'.repeat(43)}`,
      `crn_${id.toLowerCase()}_${secret}`,
      `crn_${id}_${secret} `,
      id,
      secret,
      '',
      'a\u0000',
      token.toUpperCase(),
    ]

    expect(await cron.tokens.verify(token)).toMatchObject({ id, namespace: 'acme', state: 'in-force' })
    expect(await Promise.all(bad.map((text) => cron.tokens.verify(text)))).toEqual(bad.map(() => undefined))
    world.clock.jumpTo(instant('11:00') - 1)
    expect(await cron.tokens.verify(token)).toMatchObject({ id })
    world.clock.jumpTo(instant('11:00'))
    expect(await cron.tokens.verify(token)).toBeUndefined()
  })

  it('is not taken by a hash that was damaged', async () => {
    const { token } = await cron.tokens.create(READER)
    await world.sql(`update carillon_tokens set hash = ''`)
    expect(await cron.tokens.verify(token)).toBeUndefined()
  })

  it('is known in all processes at once, and so is its end', async () => {
    const other = await world.open()
    const { id, token } = await cron.tokens.create(READER)
    expect(await other.tokens.verify(token)).toMatchObject({ id })
    await cron.tokens.revoke(id)
    expect(await other.tokens.verify(token)).toBeUndefined()
  })

  it('has its use written down, once a minute', async () => {
    const { token } = await cron.tokens.create(READER)
    const usedAt = async () => {
      await cron.tokens.settle()
      const [{ lastUsedAt } = {}] = await cron.tokens.list()
      return lastUsedAt && time(lastUsedAt)
    }
    await cron.tokens.verify(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`)
    expect(await usedAt()).toBeUndefined()

    for (const [at, expected] of [
      ['10:00:01', '10:00:01'],
      ['10:00:02', '10:00:01'],
      ['10:01:00', '10:00:01'],
      ['10:01:01', '10:01:01'],
      ['10:02:00', '10:01:01'],
    ] as const) {
      world.clock.jumpTo(instant(at))
      await cron.tokens.verify(token)
      expect(await usedAt()).toBe(expected)
    }
  })

  it('has its use written down by one of several processes', async () => {
    const { token } = await cron.tokens.create(READER)
    const other = await world.open()
    await cron.tokens.verify(token)
    await cron.tokens.settle()
    world.clock.jumpTo(instant('10:00:30'))
    await other.tokens.verify(token)
    await other.tokens.settle()
    expect(await cron.tokens.list()).toMatchObject([{ lastUsedAt: new Date(instant('10:00')) }])
  })

  it('is good although its use cannot be written down, which is told once a minute', async () => {
    const warnings: unknown[] = []
    const warn = (fields: object, message: string) => warnings.push({ ...fields, message })
    const logging = await world.open({ logger: { info: () => {}, warn, error: warn } })
    const { id, token } = await cron.tokens.create(READER)
    await world.sql(FORBID_WRITES[inject('database')])
    for (let n = 0; n < 3; n++) {
      expect(await logging.tokens.verify(token)).toMatchObject({ id, lastUsedAt: undefined })
      await logging.tokens.settle()
    }
    world.clock.jumpTo(instant('10:01'))
    expect(await logging.tokens.verify(token)).toMatchObject({ id })
    await logging.tokens.settle()
    await world.sql(ALLOW_WRITES[inject('database')])

    expect(warnings).toEqual([
      { token: id, error: expect.any(Error), message: expect.stringContaining('written down') },
      { token: id, error: expect.any(Error), message: expect.stringContaining('written down') },
    ])
    expect(inspect(warnings, { depth: 9 })).not.toContain(partsOf(token).secret)
  })
})

describe('what no token may be', () => {
  it.each<[string, object, string, string]>([
    ['without a label', { label: '' }, 'label', 'label "" is not a text of 1 to 255'],
    ['with too long a label', { label: 'x'.repeat(256) }, 'label', 'label "xxx'],
    ['with a label that holds a NUL', { label: 'a\u0000' }, 'label', 'without NUL'],
    ['with half a character', { label: '\uD800' }, 'label', 'label'],
    ['without a scope', { scope: undefined }, 'scope', 'scope undefined is not one of read, write, admin'],
    ['of an unknown scope', { scope: 'reed' }, 'scope', 'did you mean "read"?'],
    ['for no namespace', { namespace: '' }, 'namespace', 'namespace "" is not a text'],
    ['for groups of nowhere', { groups: ['a'] }, 'namespace', 'namespace is missing'],
    ['for jobs of nowhere', { jobs: ['a'] }, 'namespace', 'namespace is missing'],
    ['for no groups', { namespace: 'a', groups: [] }, 'groups', 'groups is not a list of 1 to 100 names'],
    ['for a group that is no list', { namespace: 'a', groups: 'b' }, 'groups', 'groups is not a list'],
    [
      'for too many jobs',
      { namespace: 'a', jobs: Array.from({ length: 101 }, (_, n) => `job-${n}`) },
      'jobs',
      'jobs is not a list of 1 to 100 names',
    ],
    ['for a job that is no text', { namespace: 'a', jobs: [7] }, 'jobs', 'jobs 7 is not a text'],
    ['with a limit that is misspelt', { namespace: 'a', group: ['b'] }, 'group', 'did you mean "groups"?'],
    ['that ends at once', { expiresIn: 0 }, 'expiresIn', 'expiresIn must be longer than 0'],
    ['that ends after no duration', { expiresIn: 'soon' }, 'expiresIn', 'expiresIn "soon" is not a duration'],
    ['that has ended', { expiresAt: '2026-06-01T10:00:00Z' }, 'expiresAt', 'has passed already'],
    ['that ends twice', { expiresAt: '2027-01-01T00:00:00Z', expiresIn: '1h' }, 'expiresIn', 'give one'],
    ['created by nobody', { createdBy: '' }, 'createdBy', 'createdBy "" is not a text'],
  ])('%s', async (_, input, path, message) => {
    const refused = cron.tokens.create({ ...READER, ...input })

    await expect(refused).rejects.toThrow(InvalidInputError)
    await expect(refused).rejects.toMatchObject({ path, message: expect.stringContaining(message) })
    expect(await cron.tokens.list()).toEqual([])
  })
})
