import { describe, expect, it } from 'vitest'
import { commandLine } from './carillon.ts'

describe('carillon start --http', () => {
  it('serves the API to this machine without tokens', async () => {
    using cli = commandLine()
    const server = cli.start(['start', '--http', '0'])
    await server.shows(/HTTP API: http:\S+\/api\/v1, for this machine only, without tokens/)
    const url = /http:\S+\/api\/v1/.exec(server.stderr)![0]
    const answer = await fetch(`${url}/schedules`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('carillon-access')).toContain('this machine only')
    server.interrupt()
    expect((await server.ended).status).toBe(0)
    await expect(fetch(`${url}/live`)).rejects.toThrow()
  })

  it('asks for a token where others can ask', async () => {
    using cli = commandLine()
    const server = cli.start(['start', '--http', '0.0.0.0:0'])
    await server.shows(/HTTP API: .*with a token/)
    const { port } = new URL(/http:\S+\/api\/v1/.exec(server.stderr)![0])
    expect((await fetch(`http://127.0.0.1:${port}/api/v1/schedules`)).status).toBe(401)
    server.interrupt()
    await server.ended
  })

  it('refuses what is no address', async () => {
    using cli = commandLine()
    expect(await cli.run('start', '--http', 'x:y')).toMatchObject({ status: 2 })
  })
})
