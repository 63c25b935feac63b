import { afterEach, beforeEach, expect, it } from 'vitest'
import { ALL, HttpWorld } from './support.ts'

let world: HttpWorld
beforeEach(async () => {
  world = await HttpWorld.open()
  world.grants.set('acme', { ...ALL, namespace: 'acme', actor: 'acme admin' })
})
afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

const create = (body: object, token = 'all', query = '') =>
  world.call('POST', `/tokens${query}`, { body: { label: 'x', scope: 'read', ...body }, token })
const listed = async (token = 'all', query = '') =>
  (await world.call('GET', `/tokens${query}`, { token })).body.items as { id: string; namespace?: string }[]

it('tokens are created, listed without their secrets, and revoked', async () => {
  const created = await create({ label: 'ann', expiresAt: '2100-01-01T00:00:00Z' })
  expect(created.body.token).toMatch(/^crn_/)
  expect(await world.cron.tokens.verify(created.body.token)).toMatchObject({ label: 'ann', scope: 'read' })
  const list = await world.call('GET', '/tokens')
  expect(list.body.items).toMatchObject([
    {
      id: created.body.id,
      label: 'ann',
      state: 'in-force',
      createdBy: 'tester',
      expiresAt: '2100-01-01T00:00:00.000Z',
    },
  ])
  expect(list.text).not.toContain(created.body.token.split('_')[2])

  expect((await world.call('DELETE', `/tokens/${created.body.id}`)).status).toBe(204)
  expect(await world.cron.tokens.verify(created.body.token)).toBeUndefined()
  expect(await listed()).toMatchObject([{ state: 'revoked' }])
  expect((await world.call('DELETE', '/tokens/none')).body.code).toBe('NOT_FOUND')
})

it('who has one namespace has to do with its tokens alone', async () => {
  const foreign = await create({}, 'all', '?namespace=rival')
  const everywhere = await create({})
  const own = await create({ groups: ['blue'] }, 'acme')
  expect(await listed('acme')).toMatchObject([{ id: own.body.id, namespace: 'acme', groups: ['blue'] }])
  for (const { body } of [foreign, everywhere]) {
    const answer = await world.call('DELETE', `/tokens/${body.id}`, { token: 'acme' })
    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  }
  expect((await create({}, 'acme', '?namespace=rival')).status).toBe(403)
  expect(await listed('all', '?namespace=rival')).toMatchObject([{ id: foreign.body.id, state: 'in-force' }])
  expect(await listed()).toHaveLength(3)
})

it('a token that ends makes none that lasts longer', async () => {
  const expiresAt = Date.parse('2099-01-01T00:00:00Z')
  world.grants.set('short', { ...ALL, tokenId: 'signed', expiresAt } as never)
  expect(await create({ expiresAt: expiresAt + 1 }, 'short')).toMatchObject({
    status: 422,
    body: { code: 'INVALID_INPUT', path: 'expiresAt' },
  })
  await create({}, 'short')
  await create({ expiresAt: expiresAt - 1 }, 'short')
  const ends = (await listed()).map((token) => (token as { expiresAt?: string }).expiresAt)
  expect(ends).toEqual(['2099-01-01T00:00:00.000Z', '2098-12-31T23:59:59.999Z'])
})

it('a text that is shown once is not kept to be shown again', async () => {
  const ask = () =>
    world.call('POST', '/tokens', {
      body: { label: 'x', scope: 'read' },
      headers: { 'idempotency-key': 'k' },
    })
  const [one, other] = [await ask(), await ask()]
  expect(other.body.token).not.toBe(one.body.token)
  expect(other.headers.get('idempotency-replayed')).toBeNull()
})
