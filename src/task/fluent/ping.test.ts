import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ConfigError } from '../../errors.ts'
import type { TaskBuilder } from './task-builder.ts'
import { TaskSchedule } from './task-schedule.ts'
import type { TaskEvent } from './task.ts'

function build(say: (task: TaskBuilder) => unknown) {
  const schedule = new TaskSchedule()
  say(schedule.job('x').daily())
  return schedule.build({ timezone: 'UTC' })[0]!
}

const EVENT: TaskEvent = {
  task: 'x',
  nominalAt: new Date('2026-03-04T00:00:00Z'),
  outcome: undefined,
  error: undefined,
  output: '',
  tookMs: 0,
}

describe('hooks', () => {
  it.each(['', 'example.com', '/ping', 'ftp://example.com', 'file:///etc/passwd', 'javascript:1', 'http://'])(
    'refuse to ping %j',
    (url) => {
      for (const ping of ['pingBefore', 'thenPing', 'pingOnSuccess', 'pingOnFailure'] as const) {
        expect(() => build((task) => task[ping](url))).toThrow(ConfigError)
        expect(() => build((task) => task[`${ping}If`](true, url))).toThrow(/http or https/)
      }
    },
  )

  it('refuse to ping with a password in the address, which fetch never does', () => {
    expect(() => build((task) => task.thenPing('https://me:secret@example.com/'))).toThrow(ConfigError)
  })

  it('ping by GET, and fail where the answer is no success', async () => {
    const asked: string[] = []
    const server = createServer(({ method, url }, response) => {
      asked.push(`${method} ${url}`)
      response.writeHead(url === '/500' ? 500 : 204).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const task = build((task) => {
      task.pingBefore(`${url}/before`).thenPing(`${url}/after?a=1`)
      task.pingOnSuccessIf(true, `${url}/success`).pingOnFailure(`${url}/500`)
      task.pingBeforeIf(false, url).thenPingIf(false, url).pingOnFailureIf(false, url)
    })
    for (const list of [task.before, task.after, task.onSuccess]) {
      expect(list).toHaveLength(1)
      await list[0]!(EVENT)
    }
    expect(task.onFailure).toHaveLength(1)
    await expect(task.onFailure[0]!(EVENT)).rejects.toThrow('500')
    expect(asked).toEqual(['GET /before', 'GET /after?a=1', 'GET /success', 'GET /500'])
  })
})
