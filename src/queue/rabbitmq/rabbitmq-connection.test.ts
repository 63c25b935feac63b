import { EventEmitter } from 'node:events'
import type { ChannelModel } from 'amqplib'
import { describe, expect, it } from 'vitest'
import { SystemClock } from '../../clock/system-clock.ts'
import { OUTAGE, RabbitmqConnection, type Dial } from './rabbitmq-connection.ts'
import { QueueOutage } from '../queue-outage.ts'

/** A connection of the library, as far as it is looked at here. */
class Model extends EventEmitter {
  readonly #isClosed: boolean

  constructor(isClosed: boolean) {
    super()
    this.#isClosed = isClosed
  }

  async createChannel(): Promise<object> {
    if (this.#isClosed) throw new Error('Connection closed')
    return Object.assign(new EventEmitter(), { close: async () => {} })
  }

  async close(): Promise<void> {}
}

function connectionTo(...models: readonly Model[]) {
  const lines: string[] = []
  const log = (_: object, message: string) => void lines.push(message)
  const left = [...models]
  const signals: AbortSignal[] = []
  const dial: Dial = async (signal) => {
    signals.push(signal)
    const model = left.shift()
    if (model === undefined) throw new Error('nobody there')
    return model as unknown as ChannelModel
  }
  const outage = new QueueOutage({ info: log, warn: log, error: log }, OUTAGE)
  return { connection: new RabbitmqConnection(dial, new SystemClock(), outage), signals, lines }
}

const look = (connection: RabbitmqConnection) => connection.carryOut('look', async (model) => model)

describe('a connection to RabbitMQ', () => {
  it('is made anew when the server closed it before it could be watched', async () => {
    const sound = new Model(false)
    const { connection, signals } = connectionTo(new Model(true), sound)
    await expect(look(connection)).rejects.toMatchObject({ code: 'DRIVER', retryable: true })
    expect(signals[0]!.aborted).toBe(true)
    expect(await look(connection)).toBe(sound)
    expect(signals[1]!.aborted).toBe(false)
  })

  it('is made once for all who ask, and anew when it was lost', async () => {
    const [first, second] = [new Model(false), new Model(false)]
    const { connection, signals, lines } = connectionTo(first, second)
    expect(await Promise.all([look(connection), look(connection)])).toEqual([first, first])
    first.emit('close')
    expect(signals[0]!.aborted).toBe(true)
    expect(await look(connection)).toBe(second)
    expect(lines).toEqual([
      'RabbitMQ cannot be reached; it is tried again and again',
      'RabbitMQ can be reached again',
    ])
  })

  it('costs the connection when an answer does not come, but not when it is blocked', async () => {
    const model = new Model(false)
    const { connection, signals } = connectionTo(model)
    const never = () => connection.carryOut('wait', () => new Promise(() => {}), 20)
    await look(connection)
    model.emit('blocked', 'low on disk')
    expect(connection.blocked).toBe('low on disk')
    await expect(never()).rejects.toThrow('"wait": it takes no messages: low on disk')
    expect(signals[0]!.aborted).toBe(false)
    model.emit('unblocked')
    await expect(never()).rejects.toThrow('"wait": no answer within 20 ms')
    expect(signals[0]!.aborted).toBe(true)
  })

  it('is not opened again once it is closed', async () => {
    const { connection, lines } = connectionTo(new Model(false), new Model(false))
    const first = await look(connection)
    await connection.close()
    first.emit('close')
    await expect(look(connection)).rejects.toMatchObject({ code: 'DRIVER', retryable: false })
    expect(lines).toEqual([])
  })
})
