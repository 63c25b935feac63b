import type { Cluster, Redis } from 'ioredis'

type Client = Redis | Cluster

/**
 * A connection for workers of BullMQ, which duplicate it to wait for jobs, and end together with all of these. BullMQ may
 * connect a duplicate anew in the moment in which it ends it, and nobody would know of that connection.
 */
export class WorkerConnection {
  readonly client: Client
  readonly #duplicates: Client[] = []
  #isEnded = false

  constructor(client: Client) {
    this.client = client
    const duplicate = client.duplicate.bind(client) as (...options: unknown[]) => Client
    client.duplicate = (...options: unknown[]) => this.#watch(duplicate(...options)) as never
  }

  end(): void {
    this.#isEnded = true
    for (const client of [this.client, ...this.#duplicates]) client.disconnect()
  }

  #watch(client: Client): Client {
    this.#duplicates.push(client)
    // BullMQ listens too, until it has ended it.
    client.on('error', () => {})
    for (const event of ['connect', 'reconnecting'])
      client.on(event, () => {
        if (this.#isEnded) client.disconnect()
      })
    return client
  }
}
