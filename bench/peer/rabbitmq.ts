import { connect } from 'amqplib'
import { Starts } from '../support/starts.ts'
import type { Peer } from './peer.ts'

/**
 * RabbitMQ alone, by the usual recipe for delays: a queue without consumers whose messages expire, each after its own
 * time, into the queue that is consumed. They are sent in the order of their instants, so none waits behind another.
 */
export class RabbitmqPeer implements Pick<Peer, 'name' | 'lateness'> {
  readonly name = 'RabbitMQ'
  readonly #url: string
  #queues = 0

  constructor(url: string) {
    this.#url = url
  }

  async lateness(instants: readonly number[], concurrency: number): Promise<readonly number[]> {
    const work = `bench-${process.pid}-${++this.#queues}`
    const delay = `${work}-delay`
    const connection = await connect(this.#url)
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue(work, { durable: true })
    await channel.assertQueue(delay, {
      durable: true,
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': work },
    })

    const starts = new Starts(instants.length)
    await channel.prefetch(concurrency)
    await channel.consume(work, (message) => {
      if (message === null) return
      starts.began(Number(message.content.toString()))
      channel.ack(message)
    })
    for (const dueAt of instants) {
      const expiration = String(Math.max(dueAt - Date.now(), 0))
      channel.sendToQueue(delay, Buffer.from(String(dueAt)), { persistent: true, expiration })
    }
    await channel.waitForConfirms()
    const late = await starts.all
    await channel.deleteQueue(work)
    await channel.deleteQueue(delay)
    await connection.close()
    return late
  }
}
