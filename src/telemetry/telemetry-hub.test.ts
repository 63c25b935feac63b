import { expect, it } from 'vitest'
import type { MeasuredRun, Telemetry } from './telemetry.ts'
import { TelemetryHub } from './telemetry-hub.ts'

const RUN: MeasuredRun = {
  id: '1-1-0',
  namespace: 'default',
  key: 'a',
  group: undefined,
  job: 'work',
  queue: 'default',
  attempt: 1,
  nominalAt: new Date(0),
  dueAt: new Date(0),
  lateMs: 0,
}

function hub(...all: Telemetry[]) {
  const warned: unknown[] = []
  const logger = { info: () => {}, warn: (fields: object) => warned.push(fields), error: () => {} }
  return { telemetry: new TelemetryHub(all, logger), warned }
}

it('what a telemetry throws is told once, and others are told all the same', () => {
  const told: string[] = []
  const broken: Telemetry = {
    runBegan: () => {
      throw new Error('broken')
    },
  }
  const { telemetry, warned } = hub(broken, { runBegan: ({ key }) => told.push(key) })
  telemetry.runBegan(RUN)
  telemetry.runBegan(RUN)
  expect(told).toEqual(['a', 'a'])
  expect(warned).toMatchObject([{ what: 'runBegan', error: { message: 'broken' } }])
})

it('calls a handler inside all that are around it, the first outermost', async () => {
  const steps: string[] = []
  const around = (name: string): Telemetry => ({
    aroundRun: async (_, handle) => {
      steps.push(`${name} before`)
      const value = await handle()
      steps.push(`${name} after`)
      return value
    },
  })
  const { telemetry } = hub(around('one'), {}, around('two'))
  expect(await telemetry.aroundRun(RUN, async () => steps.push('handler'))).toBe(3)
  expect(steps.slice(0, 3)).toEqual(['one before', 'two before', 'handler'])
})

it.each<[string, Telemetry['aroundRun'], number]>([
  [
    'throws',
    () => {
      throw new Error('broken')
    },
    1,
  ],
  ['rejects', () => Promise.reject(new Error('broken')), 1],
  ['never calls the handler', () => new Promise<never>(() => {}), 0],
  ['calls it twice', async (_, handle) => handle().then(handle), 0],
  ['never ends', (_, handle) => handle().then(() => new Promise<never>(() => {})), 0],
  ['answers something else', async (_, handle) => handle().then(() => 'else' as never), 0],
])(
  'calls a handler once, and answers what that does, when one that is around it %s',
  async (_, aroundRun, warnings) => {
    const { telemetry, warned } = hub({ aroundRun: aroundRun! })
    let calls = 0
    const handle = async () => ++calls
    expect(await telemetry.aroundRun(RUN, handle)).toBe(1)
    expect(calls).toBe(1)
    expect(warned).toHaveLength(warnings)
  },
)

it('passes on what a handler throws, and does not take it for a fault of its own', async () => {
  const { telemetry, warned } = hub({ aroundRun: async (_, handle) => handle() })
  const failing = async () => Promise.reject(new Error('the handler failed'))
  await expect(telemetry.aroundRun(RUN, failing)).rejects.toThrow('the handler failed')
  expect(warned).toEqual([])
})

it('lets go of a process that closes', () => {
  const told: string[] = []
  const { telemetry, warned } = hub(
    { attach: () => () => told.push('detached') },
    { attach: () => {} },
    {
      attach: () => () => {
        throw new Error('broken')
      },
    },
  )
  telemetry.attach(() => Promise.reject(new Error('not asked')))
  telemetry.detach()
  telemetry.detach()
  expect(told).toEqual(['detached'])
  expect(warned).toMatchObject([{ what: 'detach' }])
})
