import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { prometheusMetrics } from './prometheus.ts'

it('looks once when a registry of the application is scraped, and tells nothing that it does not know', async () => {
  const register = new Registry()
  const metrics = await prometheusMetrics({ register })
  let looks = 0
  let isUp = true
  metrics.attach?.(async () => {
    looks++
    if (!isUp) throw new Error('down')
    const open = { planned: 7, sent: 0, running: 3 }
    return { open, owed: 1, held: 0, absent: 0, running: 3, queues: [] }
  })

  const text = await register.metrics()
  expect(text).toMatch(/^carillon_open_runs\{state="planned"\} 7$/m)
  expect(text).toMatch(/^carillon_database_up 1$/m)
  expect(looks).toBe(1)

  isUp = false
  const down = await register.metrics()
  expect(down).toMatch(/^carillon_database_up 0$/m)
  expect(down).not.toMatch(/^carillon_(running|open|owed)_runs[ {]/m)
})
