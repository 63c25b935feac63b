import type { Definition } from '../schedule/definition.ts'
import type { RunDefinition } from '../store/run-ledger.ts'
import { parseDefinition } from '../store/schedule-record.ts'
import type { Store } from '../store/store.ts'
import type { BegunOccurrence } from '../store/way.ts'

/** A run, with what it is told of its schedule as that was when it had begun. */
export interface BegunRun extends BegunOccurrence {
  readonly namespace: string
  readonly key: string
  readonly group: string | null
  /** Its own, which its handler may change; or why there is none. */
  readonly definition: Definition | Error
}

interface Kept extends RunDefinition {
  /** For the next run, read before it is wanted. */
  spare: Definition | Error | undefined
}

/** How many characters of definitions are kept. */
const MAX_KEPT = 8_000_000
/** How many are asked for in one query. */
const READ_AT_ONCE = 1_000

/**
 * The definitions by which runs go: each as it was at its beginning, which says the revision. They are read while their
 * occurrences wait for their instants and kept from run to run, so that a beginning need not wait for any that has not
 * changed.
 */
export class Definitions {
  readonly #store: Pick<Store, 'read'>
  readonly #maxKept: number
  /** The one read last is the last. */
  readonly #kept = new Map<number, Kept>()
  #length = 0

  constructor(store: Pick<Store, 'read'>, maxKept = MAX_KEPT) {
    this.#store = store
    this.#maxKept = maxKept
  }

  /** Reads those of them that are not known; which may be too old by the time of the run. */
  async prepare(scheduleIds: Iterable<number>): Promise<void> {
    const missing = [...new Set(scheduleIds)].filter((id) => !this.#kept.has(id))
    for (let from = 0; from < missing.length; from += READ_AT_ONCE) {
      const ids = missing.slice(from, from + READ_AT_ONCE)
      for (const [id, read] of await this.#read(ids))
        this.#keep(id, { ...read, spare: readDefinition(read.definitionText) })
    }
  }

  /** Adds the definitions to what has begun. */
  async define(begun: readonly BegunOccurrence[]): Promise<BegunRun[]> {
    const outdated = begun.filter((run) => this.#kept.get(run.scheduleId)?.revision !== run.revision)
    const read = await this.#read(outdated.map((run) => run.scheduleId))
    const runs = begun.map((run): BegunRun => {
      const known: Kept | RunDefinition | undefined =
        read.get(run.scheduleId) ?? this.#kept.get(run.scheduleId)
      const { namespace = '', key = '', group = null } = known ?? {}
      return { ...run, namespace, key, group, definition: definitionOf(known) }
    })
    for (const [id, definition] of read) this.#keep(id, { ...definition, spare: undefined })
    return runs
  }

  async #read(scheduleIds: readonly number[]): Promise<Map<number, RunDefinition>> {
    if (scheduleIds.length === 0) return new Map()
    return this.#store.read((tables) => tables.runs.definitions(scheduleIds))
  }

  #keep(id: number, definition: Kept): void {
    this.#forget(id)
    this.#kept.set(id, definition)
    this.#length += lengthOf(definition)
    for (const oldest of this.#kept.keys()) {
      if (this.#length <= this.#maxKept) return
      this.#forget(oldest)
    }
  }

  #forget(id: number): void {
    const known = this.#kept.get(id)
    if (known === undefined) return
    this.#kept.delete(id)
    this.#length -= lengthOf(known)
  }
}

/** Without one, the schedule was deleted and pruned since the run began: it fails, since there is nothing to be read. */
function definitionOf(known: RunDefinition | Kept | undefined): Definition | Error {
  if (known === undefined) return readDefinition('')
  if (!('spare' in known) || known.spare === undefined) return readDefinition(known.definitionText)
  const { spare } = known
  known.spare = undefined
  return spare
}

/** What a stored definition says, or why it cannot be read. */
export function readDefinition(text: string): Definition | Error {
  try {
    return parseDefinition(text)
  } catch (error) {
    return error as Error
  }
}

/** With what the entry itself takes, about. */
function lengthOf({ namespace, key, group, definitionText }: RunDefinition): number {
  return 200 + namespace.length + key.length + (group?.length ?? 0) + definitionText.length
}
