import { describe, expect, it } from 'vitest'
import type { BegunOccurrence } from '../store/way.ts'
import type { RunDefinition } from '../store/run-ledger.ts'
import type { Store, TableSet } from '../store/store.ts'
import { Definitions } from './definitions.ts'

/** Definitions of a store that holds these revisions, and which of them were read. */
function of(revisions: Readonly<Record<number, number>>, maxKept?: number) {
  const stored = new Map(Object.entries(revisions).map(([id, revision]) => [Number(id), revision]))
  const reads: number[][] = []
  const runs = {
    definitions: async (ids: readonly number[]) => {
      reads.push([...ids])
      return new Map(ids.filter((id) => stored.has(id)).map((id) => [id, definition(id, stored.get(id)!)]))
    },
  }
  const store: Pick<Store, 'read'> = { read: (work) => work({ runs } as unknown as TableSet) }
  return { stored, reads, definitions: new Definitions(store, maxKept) }
}

function definition(id: number, revision: number): RunDefinition {
  const definitionText = JSON.stringify({ recurrence: {}, job: 'note', payload: { revision } })
  return { namespace: 'default', key: `key ${id}`, group: null, revision, definitionText }
}

function begun(scheduleId: number, revision: number | null): BegunOccurrence {
  const instants = { nominalAt: 0, dueAt: 0, plannedAt: 0, startedAt: 0 }
  const counts = { attempt: 1, failures: 0, standsFor: 0 }
  return { scheduleId, generation: 1, ...instants, ...counts, origin: 'schedule', revision, isGuarded: false }
}

const payload = (revision: number) => ({ definition: { job: 'note', payload: { revision } } })

describe('Definitions', () => {
  it('asks once for what was read ahead, and not at the beginning', async () => {
    const { definitions, reads } = of({ 1: 4, 2: 5 })
    await definitions.prepare([1, 2, 1])
    await definitions.prepare([1, 2])
    const runs = await definitions.define([begun(1, 4), begun(2, 5)])
    expect(runs).toMatchObject([
      { key: 'key 1', ...payload(4) },
      { key: 'key 2', ...payload(5) },
    ])
    expect(reads).toEqual([[1, 2]])
  })

  it('reads at the beginning what it does not know, and what has changed since', async () => {
    const { definitions, reads, stored } = of({ 1: 1, 2: 1, 3: 1 })
    await definitions.prepare([1, 2])
    stored.set(2, 2)
    const runs = await definitions.define([begun(1, 1), begun(2, 2), begun(3, 1)])
    expect(runs).toMatchObject([payload(1), payload(2), payload(1)])
    expect(reads).toEqual([
      [1, 2],
      [2, 3],
    ])
    await definitions.define([begun(2, 2), begun(3, 1)])
    expect(reads).toHaveLength(2)
  })

  it('gives each run an object of its own, which its handler may change', async () => {
    const { definitions } = of({ 1: 1 })
    await definitions.prepare([1])
    const runs = await definitions.define([begun(1, 1), begun(1, 1)])
    ;(runs[0]!.definition as { payload: unknown }).payload = 'changed'
    const later = await definitions.define([begun(1, 1)])
    expect([runs[1], later[0]]).toMatchObject([payload(1), payload(1)])
  })

  it('keeps no more than it may, the newest of it', async () => {
    const { definitions, reads } = of({ 1: 1, 2: 1, 3: 1 }, 600)
    await definitions.prepare([1, 2, 3])
    await definitions.define([begun(3, 1), begun(1, 1)])
    expect(reads).toEqual([[1, 2, 3], [1]])
  })

  it('gives an error in place of a definition that is no longer there', async () => {
    const { definitions } = of({})
    const [run] = await definitions.define([begun(1, null)])
    expect(run!.definition).toBeInstanceOf(Error)
  })
})
