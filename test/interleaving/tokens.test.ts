import { describe, expect, it } from 'vitest'
import { Tokens } from '../../src/catalog/tokens/tokens.ts'
import type { Actor } from './support/actor.ts'
import { SERVERS, useScenes } from './support/scene.ts'
import type { Loss } from './support/stage.ts'

const logger = { info: () => {}, warn: () => {}, error: () => {} }
const READER = { label: 'dashboard', scope: 'read' } as const
const LOSSES: readonly Loss[] = ['before', 'after']

const tokensOf = ({ store }: Actor) => new Tokens({ store, logger })

describe.each(SERVERS)('tokens, on %s', (kind) => {
  const scenes = useScenes(kind)

  it('are created once, and open what they should, wherever the connection breaks', async () => {
    const actor = await (await scenes.next()).actor()
    const heard = actor.stage.hear()
    const tokens = tokensOf(actor)
    await tokens.create(READER)
    const statements = [...heard]
    expect(statements.join()).toContain('insert into carillon_tokens')

    for (const [n, statement] of statements.entries()) {
      for (const when of LOSSES) {
        const before = (await tokens.list()).length
        const lost = actor.stage.loseNth(n, when)
        const { id, token } = await tokens.create(READER)
        await lost
        const where = `lost ${when} “${statement}”`
        expect(await tokens.list(), where).toHaveLength(before + 1)
        expect(await tokens.verify(token), where).toMatchObject({ id })
        await tokens.settle()
      }
    }
  })

  it('are revoked, and told so, wherever the connection breaks', async () => {
    const actor = await (await scenes.next()).actor()
    const tokens = tokensOf(actor)
    const first = await tokens.create(READER)
    const heard = actor.stage.hear()
    await tokens.revoke(first.id)
    const statements = [...heard]
    expect(statements.join()).toContain('update carillon_tokens')

    for (const [n, statement] of statements.entries()) {
      for (const when of LOSSES) {
        const { id, token } = await tokens.create(READER)
        const lost = actor.stage.loseNth(n, when)
        expect(await tokens.revoke(id), `lost ${when} “${statement}”`).toBe(true)
        await lost
        expect(await tokens.verify(token)).toBeUndefined()
      }
    }
  })

  it('that are no good are all asked for in the same way', async () => {
    const scene = await scenes.next()
    const actor = await scene.actor()
    const tokens = tokensOf(actor)
    const expired = await tokens.create({ ...READER, expiresIn: 1 })
    const revoked = await tokens.create(READER)
    const good = await tokens.create(READER)
    await tokens.revoke(revoked.id)
    const unknown = `crn_${'0'.repeat(12)}_${'A'.repeat(43)}`
    const wrong = `crn_${good.id}_${'A'.repeat(43)}`
    scene.clock.jumpTo(scene.clock.now() + 1_000)

    const asked: string[][] = []
    for (const token of [expired.token, revoked.token, unknown, wrong]) {
      const heard = actor.stage.hear()
      expect(await tokens.verify(token)).toBeUndefined()
      await tokens.settle()
      asked.push([...heard])
    }
    expect(new Set(asked.map((statements) => statements.join('; '))).size).toBe(1)
    expect(asked[0]!.join()).toContain('from carillon_tokens where id =')
  })
})
