import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Carillon, defineJob } from '../../src/index.ts'
import { until } from '../support/until.ts'
import { useWorld } from './support.ts'

const world = useWorld()
const silent = { info: () => {}, warn: () => {}, error: () => {} }
const PROCESS = fileURLToPath(new URL('telling-process.ts', import.meta.url))

it(
  'what a run has told is kept up to the last heartbeat when its process is killed',
  { timeout: 60_000 },
  async () => {
    const database = world.database.address
    const tell = defineJob('tell', {
      handle({ log, progress }) {
        log.info({}, 'again')
        progress(1)
      },
    })
    await using cron = await Carillon.open({ database, jobs: [tell], lease: '2s', logger: silent })
    await cron.schedule({ key: 'a', every: '30d', job: 'tell' })
    const { id } = await cron.trigger('a')

    const child = spawn(process.execPath, [PROCESS, database], { stdio: ['ignore', 'ignore', 'inherit'] })
    try {
      const seen = await until('a heartbeat has written what was told', async () => {
        const run = await cron.run(id)
        return run?.log.length === 1 && run
      })
      expect(seen).toMatchObject({
        state: 'running',
        attempt: 1,
        log: [{ message: 'attempt 1 begins', fields: { pid: child.pid } }],
        progress: { fraction: 0.25, note: 'users' },
      })
    } finally {
      child.kill('SIGKILL')
    }

    await cron.start()
    const ended = await until('another process has run it', async () => {
      const run = await cron.run(id)
      return run?.state === 'succeeded' && run
    })
    expect(ended).toMatchObject({ attempt: 2, log: [{ message: 'again' }], progress: { fraction: 1 } })
    expect(ended.attempts).toMatchObject([
      {
        attempt: 1,
        error: undefined,
        log: [{ message: 'attempt 1 begins' }],
        progress: { done: 3, total: 12 },
      },
      { attempt: 2, server: cron.server },
    ])
  },
)
