import { expect, it } from 'vitest'
import { Carillon, defineJob, type MessageQueue, type QueueDriver } from '../index.ts'

it('closes the queues that were opened when the set-up is refused after that', async () => {
  let isOpen = false
  const driver: QueueDriver = {
    driver: 'spy',
    open: async () => {
      isOpen = true
      const queue: Partial<MessageQueue> = {
        [Symbol.asyncDispose]: async () => {
          isOpen = false
        },
      }
      return queue as MessageQueue
    },
  }
  // The name is that of the built-in job, which only shows when all jobs are put together.
  const jobs = [defineJob('command', { handle: () => {} })]
  const opening = Carillon.open({ database: 'sqlite::memory:', jobs, queue: driver })
  await expect(opening).rejects.toThrow('two jobs are named "command"')
  expect(isOpen).toBe(false)
})

it('refuses what is no queue, and a default one that is given twice', async () => {
  const database = 'sqlite::memory:'
  const none = { driver: 'none' } as unknown as QueueDriver
  await expect(Carillon.open({ database, queues: { mail: none } })).rejects.toThrow(
    'queue "mail" is none: give',
  )
  const twice = Carillon.open({
    database,
    queue: { driver: 'database' },
    queues: { default: { driver: 'database' } },
  })
  await expect(twice).rejects.toThrow('queue and queues.default are the same')
})
