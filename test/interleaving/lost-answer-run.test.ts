import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { waitUntil } from '../../src/clock/wait.ts'
import { Carillon, defineJob } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { createMariadbDatabase, dropMariadbDatabase } from '../support/servers/mariadb-database.ts'
import { createPostgresDatabase, dropPostgresDatabase } from '../support/servers/postgres-database.ts'
import { instant } from './support/scene.ts'
import { Stage, type Loss } from './support/stage.ts'
import { stagedMysql, stagedPostgres } from './support/staged-pool.ts'

const SERVERS = [
  {
    name: 'PostgreSQL',
    create: () => createPostgresDatabase(inject('postgresAddress')),
    drop: (address: string) => dropPostgresDatabase(inject('postgresAddress'), address),
    pool: stagedPostgres,
    claim: { at: /^update .* set owner = .*skip locked/ },
  },
  {
    name: 'MariaDB',
    create: () => createMariadbDatabase(inject('mariadbAddress')),
    drop: (address: string) => dropMariadbDatabase(inject('mariadbAddress'), address),
    pool: stagedMysql,
    claim: { at: /^commit/, after: /due_at <= .*skip locked/ },
  },
]
const RUN_MS = 12_000
/** When what was claimed and is not known of is free again, and somebody has looked. */
const LATEST = instant('10:05:10')

const silent = { info: () => {}, warn: () => {}, error: () => {} }

describe.each(SERVERS)('a worker whose connection breaks, on $name', ({ create, drop, pool, claim }) => {
  let address: string
  let unwatch = () => {}
  beforeAll(async () => {
    address = await create()
  })
  afterAll(async () => {
    unwatch()
    await drop(address)
  })

  /** One occurrence from its claim to its end, on a process whose connections `play` breaks. */
  async function run(key: string, play: (stage: Stage) => unknown) {
    const clock = new ManualClock(instant('10:04:50'))
    const began: { at: number; attempt: number; signal: AbortSignal }[] = []
    const note = defineJob('note', {
      async handle({ occurrence: { attempt }, signal }) {
        began.push({ at: clock.now(), attempt, signal })
        await waitUntil(clock, clock.now() + RUN_MS, signal)
      },
    })
    const stage = new Stage()
    const staged = pool(address, stage)
    const options = { clock, jobs: [note], logger: silent }
    const web = await Carillon.open({ ...options, database: address })
    const worker = await Carillon.open({ ...options, database: staged.input })
    try {
      await web.schedule({ key, cron: '5 10 * * *', job: note })
      await play(stage)
      await worker.start({ roles: ['work'] })
      await clock.advanceTo(instant('10:05:45'))
      const [occurrence] = await web.history(key)
      await web.delete(key)
      return { began, occurrence: occurrence! }
    } finally {
      const closing = Promise.all([worker.close(), web.close()])
      await clock.advance('1m')
      await closing
      await staged.end()
    }
  }

  it('runs each occurrence once, wherever it breaks', { timeout: 180_000 }, async () => {
    let heard: string[] = []
    const { began } = await run('undisturbed', (stage) => (heard = stage.hear()))
    expect(began.map(({ at }) => at)).toEqual([instant('10:05')])
    const statements = [...heard]
    for (const step of [/skip locked/, /'running'/, /to_state/])
      expect(statements.some((statement) => step.test(statement))).toBe(true)

    for (const [n, statement] of statements.entries()) {
      for (const when of ['before', 'after'] satisfies Loss[]) {
        const where = `lost ${when} “${statement.slice(0, 60)}”, statement ${n}`
        const disturbed = await run(`${n} ${when}`, (stage) => void stage.loseNth(n, when))
        expect(disturbed.began, where).toMatchObject([{ attempt: 1, signal: { aborted: false } }])
        expect(disturbed.began[0]!.at, where).toBeGreaterThanOrEqual(instant('10:05'))
        expect(disturbed.began[0]!.at, where).toBeLessThanOrEqual(LATEST)
        expect(disturbed.occurrence, where).toMatchObject({ state: 'succeeded', attempt: 1 })
      }
    }
  })

  it('runs what it claimed without its knowledge when the hold ends', { timeout: 60_000 }, async () => {
    const { began, occurrence } = await run('claim', (stage) => void stage.lose(claim, 'after'))
    expect(began).toHaveLength(1)
    expect(began[0]!.at).toBeGreaterThan(instant('10:05'))
    expect(began[0]!.at).toBeLessThanOrEqual(LATEST)
    expect(occurrence).toMatchObject({ state: 'succeeded', attempt: 1 })
  })
})
