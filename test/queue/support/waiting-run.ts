import { expect } from 'vitest'
import type { QueueDriver } from '../../../src/index.ts'
import { until } from '../../support/until.ts'
import type { Engine } from './engine.ts'
import { ReluctantQueue } from './reluctant-queue.ts'

/**
 * A run that a message brought waits for room, is called, and waits for a break, while the queue holds each of the messages
 * that it had before. It begins all the same, and nothing is sent a second time.
 */
export async function expectWaitingRunToBegin(engine: Engine, driver: QueueDriver): Promise<void> {
  const queue = new ReluctantQueue(driver)
  const end = Promise.withResolvers<void>()
  const work = engine.job('work', () => end.promise)
  const cron = await engine.open({ jobs: [work], queue: queue.driver })
  try {
    await cron.start()
    const guard = { overlap: 'queue-all', minimumBreak: '1s' } as const
    await cron.schedule({ key: 'a', cron: '0 0 1 1 *', job: 'work', ...guard })
    const first = await cron.trigger('a')
    await engine.untilBegun(1)
    const second = await cron.trigger('a')
    await until('the second is told to wait', () => queue.done.includes(`${second.id}-0`))
    expect(engine.begun).toHaveLength(1)

    end.resolve()
    await until('it has succeeded', async () => (await cron.run(second.id))?.state === 'succeeded')
    expect(engine.begun.map(({ attempt }) => attempt)).toEqual([1, 1])
    // The queue still has what it had before: only the name let the others in.
    expect(queue.sent.slice(0, 3)).toEqual([`${first.id}-0`, `${second.id}-0`, `${second.id}-1`])
    expect(new Set(queue.sent).size, 'each was sent once').toBe(queue.sent.length)
  } finally {
    end.resolve()
    queue.tell()
  }
}
