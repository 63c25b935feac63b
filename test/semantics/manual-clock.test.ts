import { expect, it } from 'vitest'
import { ManualClock } from '../../src/testing/index.ts'
import { instant, useWorld } from './support.ts'

const world = useWorld()

it('advance() returns when what it set in motion has settled', async () => {
  const clock = new ManualClock(instant('10:00'))
  const cron = await world.open({ clock })
  await cron.schedule({ key: 'a', cron: '* * * * *', job: 'note' })
  await cron.start()
  await clock.advance('30m')
  expect(world.begun).toHaveLength(30)
})
