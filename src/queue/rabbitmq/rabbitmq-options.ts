import type { ChannelModel, Options, SocketOptions } from 'amqplib'
import { ConfigError } from '../../errors.ts'
import { didYouMean } from '../../suggestion.ts'

export interface RabbitmqQueueOptions {
  /**
   * The address, as in `amqp://user:password@host:5672/vhost`, with `amqps:` for TLS; or the same as an object of
   * amqplib: `{ hostname, port, username, password, vhost, … }`. Of several, those of a cluster, each is tried in turn.
   */
  readonly url: RabbitmqAddress | readonly RabbitmqAddress[]
  /**
   * The name of the queue, with which the names of all others begin: at most 180 characters. `carillon.` and the name
   * by which schedules choose it, by default.
   */
  readonly queueName?: string
  /** Certificates and the like for `amqps:`, as `tls.connect` takes them. */
  readonly tls?: Pick<
    SocketOptions,
    'ca' | 'cert' | 'key' | 'passphrase' | 'pfx' | 'servername' | 'rejectUnauthorized'
  >
}

export type RabbitmqAddress = string | Options.Connect

const KNOWN = ['url', 'queueName', 'tls']
const LONGEST_NAME = 180

/** A connection that is silent for twice as long is taken for dead, unless the address says otherwise. */
const HEARTBEAT_S = 5

/** @throws {ConfigError} when one is not valid */
export function checkOptions(options: RabbitmqQueueOptions, queueName: string): void {
  const unknown = Object.keys(options).find((key) => !KNOWN.includes(key))
  if (unknown !== undefined)
    throw new ConfigError(`rabbitmqQueue: unknown option "${unknown}"${didYouMean(unknown, KNOWN)}`)

  const bytes = Buffer.byteLength(queueName)
  if (bytes === 0 || bytes > LONGEST_NAME || queueName.startsWith('amq.')) {
    throw new ConfigError(
      `rabbitmqQueue: "${queueName}" cannot be the name of a queue: give 1 to ${LONGEST_NAME} bytes that do not begin with "amq."`,
    )
  }
}

/** @throws {ConfigError} when there is none, or one is not valid */
export function addressesOf({ url }: RabbitmqQueueOptions): Options.Connect[] | string[] {
  const given = (Array.isArray(url) ? url : [url]) as RabbitmqAddress[]
  if (given.length === 0) throw notAnAddress()
  return given.map(withHeartbeat) as Options.Connect[] | string[]
}

/** Opens a connection to one of the addresses, to another one each time. */
export function dialer(
  connect: (address: RabbitmqAddress, options: SocketOptions) => Promise<ChannelModel>,
  addresses: readonly RabbitmqAddress[],
  { tls }: RabbitmqQueueOptions,
  name: string,
): (signal: AbortSignal) => Promise<ChannelModel> {
  let next = 0
  return (signal) => {
    const address = addresses[next++ % addresses.length]!
    const own = { noDelay: true, signal, clientProperties: { connection_name: name } }
    return connect(address, { ...tls, ...own })
  }
}

function withHeartbeat(address: RabbitmqAddress): RabbitmqAddress {
  if (address !== null && typeof address === 'object') return { heartbeat: HEARTBEAT_S, ...address }

  const url = URL.parse(address)
  if (url === null || !['amqp:', 'amqps:'].includes(url.protocol)) throw notAnAddress()
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', String(HEARTBEAT_S))
  return url.href
}

/** Without what was given: it may hold a password. */
function notAnAddress(): ConfigError {
  return new ConfigError(
    'rabbitmqQueue: url is not an address of RabbitMQ: give one such as amqp://user:password@host:5672/vhost',
  )
}
