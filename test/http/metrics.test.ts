import { expect, it } from 'vitest'
import { prometheusMetrics } from '../../src/telemetry/prometheus.ts'
import { ALL, HttpWorld } from './support.ts'

it('metrics are answered to who reaches everything', async () => {
  await using world = await HttpWorld.open({ telemetry: await prometheusMetrics() })
  world.grants.set('reader', { ...ALL, scope: 'read' })
  world.grants.set('acme', { ...ALL, scope: 'read', namespace: 'acme' })
  const answer = await world.call('GET', '/metrics', { token: 'reader' })
  expect(answer.status).toBe(200)
  expect(answer.text).toMatch(/^carillon_database_up 1$/m)
  expect((await world.call('GET', '/metrics', { token: 'acme' })).status).toBe(403)
})

it('where there are none, the answer says how there could be', async () => {
  await using world = await HttpWorld.open()
  const answer = await world.call('GET', '/metrics')
  expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  expect(answer.body.detail).toContain('prometheusMetrics()')
})
