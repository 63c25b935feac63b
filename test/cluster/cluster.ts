import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Role } from '../../src/index.ts'
import { TcpProxy } from '../support/servers/tcp-proxy.ts'
import type { ClusterDatabase } from './cluster-database.ts'
import { MemberProcess, readEvents, type LoggedEvent } from './member-process.ts'
import type { Scale } from './scale.ts'

/** Something that happened to the cluster. */
export interface Happening {
  readonly at: number
  readonly kind: 'kill' | 'cut' | 'partition' | 'crash' | 'restart' | 'failed start' | 'death'
  readonly what: string
}

/** How long to wait before a member is started again that could not start. */
const AGAIN_MS = 250
const STOP_MS = 60_000

export interface ClusterOptions {
  readonly database: ClusterDatabase
  readonly address: string
  /** Where the members write what they do. */
  readonly folder: string
  readonly scale: Scale
}

/**
 * Dispatchers and workers on one database, each with a way of its own to it. A member that ends is followed by another
 * one on the same seat, as a supervisor of processes would have it.
 */
export class Cluster implements AsyncDisposable {
  readonly happenings: Happening[] = []
  /** When members were killed, by name. */
  readonly killedAt = new Map<string, number>()
  readonly #options: ClusterOptions
  readonly #seats: Seat[] = []
  #crashes: Promise<void> = Promise.resolve()

  private constructor(options: ClusterOptions) {
    this.#options = options
  }

  /** Starts all members; resolves when all have started. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const { dispatchers, workers } = options.scale
    const roles = [
      ...Array.from({ length: dispatchers }, (): Role => 'dispatch'),
      ...Array.from({ length: workers }, (): Role => 'work'),
    ]
    await using stack = new AsyncDisposableStack()
    const cluster = stack.use(new Cluster(options))
    for (const [i, role] of roles.entries()) {
      const proxy = options.database.server && (await TcpProxy.start(options.address))
      cluster.#seats.push(new Seat(`${role}-${i}`, role, proxy, options, cluster))
    }
    await Promise.all(cluster.#seats.map((seat) => seat.started()))
    stack.move()
    return cluster
  }

  /** Kills the member on a seat, and puts another one there. */
  async kill(seat: number): Promise<void> {
    await this.#seats[seat]!.kill()
  }

  /** Closes all connections of a member. */
  async cut(seat: number): Promise<void> {
    this.#seats[seat]!.cut()
  }

  /** Lets nothing pass between a member and the database for a while. */
  async partition(seat: number, forMs: number): Promise<void> {
    await this.#seats[seat]!.partition(forMs)
  }

  /** Kills the database server, and starts it again after a while. */
  async crashServer(downMs: number): Promise<void> {
    const { server } = this.#options.database
    const last = this.#crashes
    this.#crashes = (async () => {
      await last
      this.note('crash', `the server is killed, for ${downMs} ms`)
      for (const seat of this.#seats) seat.troubleBegins()
      await server?.crash()
      await sleep(downMs)
      await server?.restart()
      for (const seat of this.#seats) seat.troubleEnds()
      this.note('restart', 'the server accepts connections')
    })()
    await this.#crashes
  }

  note(kind: Happening['kind'], what: string): void {
    this.happenings.push({ at: Date.now(), kind, what })
  }

  /** What the handlers of all members have done by now. */
  events(): LoggedEvent[] {
    const { folder } = this.#options
    const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
    return files.flatMap((name) => readEvents(join(folder, name)))
  }

  /** Ends all members in order; one that does not end is killed, and that is noted. */
  async stop(): Promise<void> {
    await Promise.all(this.#seats.map((seat) => seat.stop()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** A place in the cluster, and who has it at the moment. */
class Seat {
  readonly #name: string
  readonly #role: Role
  readonly #proxy: TcpProxy | undefined
  readonly #options: ClusterOptions
  readonly #cluster: Cluster
  #member: MemberProcess
  #count = 0
  #isStopping = false
  /** How often the way to the database was disturbed, and by how much it is now. */
  #troubles = 0
  #present = 0
  /** Ends when nobody sits there any more. */
  readonly #occupied: Promise<void>
  readonly #firstStart = Promise.withResolvers<void>()

  constructor(
    name: string,
    role: Role,
    proxy: TcpProxy | undefined,
    options: ClusterOptions,
    cluster: Cluster,
  ) {
    this.#name = name
    this.#role = role
    this.#proxy = proxy
    this.#options = options
    this.#cluster = cluster
    this.#member = this.#spawn()
    this.#occupied = this.#supervise()
  }

  started(): Promise<void> {
    return this.#firstStart.promise
  }

  async kill(): Promise<void> {
    const member = this.#member
    if (member.hasEnded) return
    this.#cluster.killedAt.set(member.name, Date.now())
    this.#cluster.note('kill', member.name)
    await member.kill()
  }

  cut(): void {
    this.#troubles++
    this.#cluster.note('cut', this.#member.name)
    this.#proxy?.cut()
  }

  async partition(forMs: number): Promise<void> {
    this.troubleBegins()
    this.#cluster.note('partition', `${this.#member.name}, for ${forMs} ms`)
    this.#proxy?.blackhole(true)
    await sleep(forMs)
    this.#proxy?.blackhole(false)
    this.troubleEnds()
  }

  troubleBegins(): void {
    this.#troubles++
    this.#present++
  }

  troubleEnds(): void {
    this.#present--
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const member = this.#member
    const deadline = new AbortController()
    const late = sleep(STOP_MS, 'late', { signal: deadline.signal }).catch(() => 'in time')
    if ((await Promise.race([member.stop(), late])) === 'late') {
      this.#cluster.note('death', `${member.name} did not stop in ${STOP_MS} ms`)
      await member.kill()
    }
    deadline.abort()
    await this.#occupied
    await this.#proxy?.[Symbol.asyncDispose]()
  }

  #spawn(): MemberProcess {
    const { address, folder, scale } = this.#options
    const name = `${this.#name}.${++this.#count}`
    return new MemberProcess({
      ...scale,
      name,
      role: this.#role,
      database: this.#proxy?.address(address) ?? address,
      logFile: join(folder, `${name}.jsonl`),
      errorFile: join(folder, `${name}.log`),
    })
  }

  async #supervise(): Promise<void> {
    for (;;) {
      const member = this.#member
      const troublesBefore = this.#troubles - this.#present
      let hasStarted = false
      await member.started().then(
        () => (hasStarted = true),
        () => {},
      )
      this.#firstStart.resolve()
      await member.ended()
      const wasKilled = this.#cluster.killedAt.has(member.name)
      if (this.#isStopping && member.ending === 'exit status 0') return

      if (!wasKilled) {
        // One that cannot open its database ends, and is to be started again. One that has started lives.
        const mayFail = !hasStarted && this.#troubles > troublesBefore
        this.#cluster.note(mayFail ? 'failed start' : 'death', `${member.name}: ${member.ending}`)
        await sleep(AGAIN_MS)
      }
      if (this.#isStopping) return
      this.#member = this.#spawn()
    }
  }
}
