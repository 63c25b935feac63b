import { expect, it } from 'vitest'
import type { ServerInfo } from '../../src/index.ts'
import { until } from '../support/until.ts'
import { commandLine } from './carillon.ts'

it('carillon servers shows who dispatches and who works', { timeout: 60_000 }, async () => {
  using cli = commandLine()
  await cli.run('migrate')
  const none = await cli.run('servers')
  expect([none.status, none.stdout.trim()]).toEqual([1, 'no server has started'])

  const server = cli.start(['start'])
  const [one] = await until('it is known', async () => {
    const known = JSON.parse((await cli.run('servers', '--json')).stdout) as ServerInfo[]
    return known.length > 0 && known
  })
  expect(one).toMatchObject({ isAlive: true, running: 0 })
  expect(one!.roles).toEqual(expect.arrayContaining(['dispatch', 'work']))
  const shown = await cli.run('servers')
  expect(shown.status).toBe(0)
  expect(shown.stdout).toContain('alive')

  server.interrupt('SIGTERM')
  await server.ended
  expect((await cli.run('servers')).status).toBe(1)
})
