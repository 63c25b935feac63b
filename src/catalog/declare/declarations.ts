import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '../../clock/clock.ts'
import { Loop } from '../../clock/loop.ts'
import { SystemClock } from '../../clock/system-clock.ts'
import { waitUntil } from '../../clock/wait.ts'
import type { Clock } from '../../clock/clock.ts'
import { ConfigError, DriverError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import type { Definition } from '../../schedule/definition.ts'
import { isRefusal } from '../../sql/sql-error.ts'
import type { ScheduleRecord } from '../../store/schedule-record.ts'
import { parseDefinition } from '../../store/schedule-record.ts'
import type { Store } from '../../store/store.ts'
import type { Catalog } from '../catalog.ts'
import type { ScheduleToWrite } from '../generations.ts'
import { NO_COVER } from '../../store/pause-table.ts'
import { activityOf } from '../activity.ts'
import { ifReadable } from '../../schedule/if-readable.ts'
import { ScheduleResolver, type ResolverParts, type ScheduleOptions } from '../schedule-resolver.ts'
import { decideRelease } from './decide-release.ts'

/** A schedule that code declares. */
export type ScheduleDeclaration = ScheduleOptions & {
  readonly key: string
  /** That of the handle by default. */
  readonly namespace?: string | undefined
}

/** A declared schedule, as a report names it. */
export interface DeclaredChange {
  readonly namespace: string
  readonly key: string
}

/** What declaring does, or would do. */
export interface DeclareReport {
  /** Whether a newer release is alive and has its way, so that nothing was done. */
  readonly isSuperseded: boolean
  readonly created: readonly DeclaredChange[]
  /** With the parts of the definition that differ. */
  readonly changed: readonly (DeclaredChange & { readonly parts: readonly string[] })[]
  readonly deleted: readonly DeclaredChange[]
  readonly unchanged: number
}

/** What declarations work with. */
export interface DeclarationParts extends ResolverParts {
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  /** This process. */
  readonly server: string
  /** Whose schedules these are: what another owner has declared is not touched. */
  readonly owner: string
  readonly defaultNamespace: string
  /** Where they are stored, as the code's. */
  readonly catalogOf: (namespace: string) => Catalog
}

/** How long a release counts as alive when nothing is heard of its processes. */
const ALIVE_MS = 60_000
const BEAT_MS = 20_000
const LEASE_MS = 60_000
/** How long a process waits for another one that is declaring. */
const PATIENCE_MS = 60_000
const LOOK_AGAIN_MS = 100
/** How many releases of an owner are remembered. */
const REMEMBERED = 20

/**
 * The schedules that code declares, kept in step with the database: new ones are stored, changed ones changed, and those that
 * are declared no more deleted. An operator's pause stays.
 *
 * @see docs/design/schedules.md
 */
export class Declarations {
  readonly #parts: DeclarationParts
  readonly #declared: readonly ScheduleDeclaration[]
  readonly #loop: Loop
  /** Stands for all that is declared, once it was looked at. */
  #digest: string | undefined
  /** Others that declare are of the outside world, which a test's clock does not rule. */
  readonly #waits = new SystemClock()

  /** @throws {ConfigError} when one has no key, or two have the same */
  constructor(parts: DeclarationParts, declared: readonly ScheduleDeclaration[]) {
    this.#parts = parts
    this.#declared = declared
    checkKeys(declared, parts.defaultNamespace)
    const { clock, logger } = parts
    this.#loop = new Loop(
      clock,
      () => this.#step(),
      (error) => {
        logger.error({ error }, 'the declared schedules could not be looked after; it is tried again')
        return clock.now() + BEAT_MS
      },
    )
  }

  /** Declares, and from then on says that this release is alive. @throws as `declare` */
  async start(): Promise<void> {
    if (this.#declared.length === 0 && !(await this.#hadSome())) return
    await this.declare()
    this.#loop.start()
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
  }

  /**
   * Makes the database hold what the code declares, unless a newer release is alive.
   *
   * @param dryRun only says what it would do
   * @throws {ConfigError} when a declared schedule has the key of one that is not this owner's
   * @throws as `schedule`, when one is not valid
   */
  async declare({ dryRun = false }: { dryRun?: boolean } = {}): Promise<DeclareReport> {
    const { store, owner, logger } = this.#parts
    const resolved = await this.#resolve()
    const digest = digestOf(resolved)
    this.#digest = digest
    if (dryRun) return reportOf(await this.#compare(resolved))

    const declaring = await this.#lease()
    try {
      const now = await store.now()
      const releases = await store.read((tables) => tables.declarations.releases(owner))
      const decision = decideRelease(releases, digest, now)
      if (decision.kind === 'wait') {
        logger.info(
          { owner },
          'a newer release has declared other schedules, and is alive; these wait until it is gone',
        )
        return { isSuperseded: true, created: [], changed: [], deleted: [], unchanged: 0 }
      }
      const report = await this.#apply(resolved)
      const place = decision.kind === 'apply' ? decision.place : releases[0]!.place
      await store.transaction((tables) =>
        tables.declarations.putInForce(
          owner,
          { digest, place, aliveUntil: tables.now + ALIVE_MS },
          REMEMBERED,
        ),
      )
      const counts = {
        created: report.created.length,
        changed: report.changed.length,
        deleted: report.deleted.length,
      }
      if (counts.created + counts.changed + counts.deleted > 0)
        logger.info({ owner, ...counts }, 'declared schedules were brought up to date')
      return report
    } finally {
      await declaring.end()
    }
  }

  async #hadSome(): Promise<boolean> {
    const { store, owner } = this.#parts
    return (await store.read((tables) => tables.declarations.releases(owner))).length > 0
  }

  /** Says that this release is alive; or sees whether the newer one still is. */
  async #step(): Promise<Instant> {
    const { store, owner, clock } = this.#parts
    const digest = this.#digest ?? digestOf(await this.#resolve())
    const now = await store.now()
    const releases = await store.read((tables) => tables.declarations.releases(owner))
    const decision = decideRelease(releases, digest, now)
    if (decision.kind === 'keep')
      await store.transaction((tables) => tables.declarations.keepAlive(owner, digest, tables.now + ALIVE_MS))
    // A release that was never heard of has just been declared by this very process, and was forgotten since.
    else if (decision.kind === 'apply') await this.declare()
    return clock.now() + BEAT_MS
  }

  async #resolve(): Promise<Map<string, ScheduleToWrite[]>> {
    const byNamespace = new Map<string, ScheduleToWrite[]>()
    for (const { namespace = this.#parts.defaultNamespace, ...options } of this.#declared) {
      const resolver = new ScheduleResolver(this.#parts, namespace)
      const resolved = await resolver.toWrite(options).catch((error: unknown) => {
        if (error instanceof Error) error.message = `declared schedule "${options.key}": ${error.message}`
        throw error
      })
      byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), resolved])
    }
    return byNamespace
  }

  /** What differs from what is stored. */
  async #compare(resolved: ReadonlyMap<string, readonly ScheduleToWrite[]>): Promise<Comparison> {
    const { store, owner } = this.#parts
    const created: DeclaredChange[] = []
    const changed: (DeclaredChange & { parts: string[] })[] = []
    const adopted: number[] = []
    let unchanged = 0
    const names = new Set<string>()
    for (const [namespace, schedules] of resolved) {
      const keys = schedules.map(({ key }) => key)
      const { present, owners } = await store.read(async (tables) => {
        const records = await tables.schedules.findMany(namespace, keys)
        const ids = records.map(({ id }) => id)
        return { present: records, owners: await tables.declarations.ownersOf(ids) }
      })
      const byKey = new Map(present.map((record) => [record.key, record]))
      for (const schedule of schedules) {
        const { key } = schedule
        names.add(nameOf({ namespace, key }))
        const record = byKey.get(key)
        if (record === undefined) created.push({ namespace, key })
        else {
          const parts = differing(record, schedule)
          if (isOrphan(record, owners.get(record.id), parts)) adopted.push(record.id)
          else refuseOthers(record, owners.get(record.id), owner)
          if (parts.length > 0) changed.push({ namespace, key, parts })
          else unchanged++
        }
      }
    }
    const own = await store.read((tables) => tables.declarations.schedulesOf(owner))
    const deleted = own
      .filter((one) => !names.has(nameOf(one)))
      .map(({ namespace, key }) => ({ namespace, key }))
    return { isSuperseded: false, created, changed, deleted, unchanged, adopted }
  }

  async #apply(resolved: ReadonlyMap<string, readonly ScheduleToWrite[]>): Promise<DeclareReport> {
    const { store, owner, catalogOf, defaultNamespace } = this.#parts
    const report = await this.#compare(resolved)
    await store.transaction((tables) => tables.declarations.claim(owner, report.adopted))
    const touched = new Set([...report.created, ...report.changed].map(nameOf))
    for (const { namespace = defaultNamespace, ...options } of this.#declared) {
      if (touched.has(nameOf({ namespace, key: options.key }))) await catalogOf(namespace).schedule(options)
    }
    for (const [namespace, created] of Map.groupBy(report.created, (one) => one.namespace)) {
      await store.transaction(async (tables) => {
        const records = await tables.schedules.findMany(
          namespace,
          created.map(({ key }) => key),
        )
        await tables.declarations.claim(
          owner,
          records.map(({ id }) => id),
        )
      })
    }
    for (const { namespace, key } of report.deleted) await catalogOf(namespace).delete(key)
    return reportOf(report)
  }

  /** One process declares at a time. */
  async #lease(): Promise<{ end: () => Promise<void> }> {
    const { store, owner, server } = this.#parts
    const name = `declare ${owner}`
    const giveUpAt = this.#waits.now() + PATIENCE_MS
    for (;;) {
      const answer = await store
        .transaction((tables) => tables.leases.acquire(name, server, () => tables.exactNow(), LEASE_MS))
        .catch((error: unknown) => {
          // Nobody has asked for the lease before, and two do at once: the other one has it.
          if (isRefusal(error)) return undefined
          throw error
        })
      if (answer?.granted === true) {
        const end = async () => {
          await store.transaction((tables) => tables.leases.release(answer.lease, () => tables.exactNow()))
        }
        return { end }
      }
      if (this.#waits.now() >= giveUpAt)
        throw new DriverError(`another process has been declaring the schedules of "${owner}" for a minute`, {
          retryable: true,
        })
      await waitUntil(this.#waits, this.#waits.now() + LOOK_AGAIN_MS)
    }
  }
}

/** A report, and the schedules of nobody that are this owner's. */
interface Comparison extends DeclareReport {
  readonly adopted: readonly number[]
}

function reportOf({ isSuperseded, created, changed, deleted, unchanged }: Comparison): DeclareReport {
  return { isSuperseded, created, changed, deleted, unchanged }
}

function checkKeys(declared: readonly ScheduleDeclaration[], defaultNamespace: string): void {
  const seen = new Set<string>()
  for (const [i, { key, namespace = defaultNamespace }] of declared.entries()) {
    if (typeof key !== 'string' || key === '')
      throw new ConfigError(`schedules[${i}] has no key: what code declares is known by its key`)
    const name = nameOf({ namespace, key })
    if (seen.has(name))
      throw new ConfigError(`schedules[${i}]: the key "${key}" is declared twice in namespace "${namespace}"`)
    seen.add(name)
  }
}

/** A process stored it just as it is declared, and died before it could say whose it is. */
function isOrphan(
  { origin }: ScheduleRecord,
  owner: string | undefined,
  differs: readonly string[],
): boolean {
  return origin === 'code' && owner === undefined && differs.length === 0
}

function refuseOthers(record: ScheduleRecord, owner: string | undefined, self: string): void {
  if (owner === self) return
  const whose = owner === undefined ? 'exists and was not declared' : `is declared by "${owner}"`
  throw new ConfigError(
    `declared schedule "${record.key}": a schedule with this key in namespace "${record.namespace}" ${whose}; give it another key, or delete that one`,
  )
}

/** The parts in which a stored schedule differs from a declared one. */
function differing(record: ScheduleRecord, { group, active, definition }: ScheduleToWrite): string[] {
  const stored = ifReadable(() => parseDefinition(record.definitionText))
  const parts = Object.keys(definition).filter(
    (name) => !isDeepStrictEqual(stored?.[name as keyof Definition], definition[name as keyof Definition]),
  )
  if (record.group !== group) parts.push('group')
  const { state } = activityOf(record, group, active, NO_COVER)
  // A pause of many is not the definition's to end.
  const isPausedWithOthers = record.pause?.scope != null && active !== false
  if (record.state !== 'broken' && record.state !== state && !isPausedWithOthers) parts.push('active')
  return parts
}

/** Stands for all that is declared, in whatever order. */
function digestOf(resolved: ReadonlyMap<string, readonly ScheduleToWrite[]>): string {
  const all = [...resolved].flatMap(([namespace, schedules]) =>
    schedules.map(({ key, group, active, definition }) =>
      JSON.stringify([namespace, key, group, active, definition]),
    ),
  )
  return createHash('sha256').update(all.sort().join('\n')).digest('base64url').slice(0, 27)
}

function nameOf({ namespace, key }: DeclaredChange): string {
  return JSON.stringify([namespace, key])
}
