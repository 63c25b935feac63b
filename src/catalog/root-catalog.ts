import { InvalidInputError } from '../errors.ts'
import type { Forecast, ForecastOptions } from '../schedule/forecast/forecast.ts'
import { Catalog, type CatalogParts } from './catalog.ts'
import type { ManyOptions, PauseOptions, ResumeAllOptions } from './catalog-options.ts'
import { forecastSchedules } from './forecast/forecast-schedules.ts'
import { authorOf } from './operator.ts'
import { listPauses, type ManyReport, type PauseInForce } from './scoped-pauses.ts'

/** Whether all namespaces are meant. */
interface Everywhere {
  readonly everywhere?: boolean | undefined
}

/** The schedules of the default namespace, and the door to those of all others. */
export class RootCatalog extends Catalog {
  readonly #parts: CatalogParts

  constructor(parts: CatalogParts, namespaceName: string) {
    super(parts, namespaceName)
    this.#parts = parts
  }

  /** The same door, confined to the schedules of another namespace: no key of it reaches beyond. */
  namespace(name: string): Catalog {
    if (name === '' || name.length > 255 || name.includes('\u0000') || !name.isWellFormed())
      throw new InvalidInputError('a namespace has 1 to 255 characters, none of them NUL', 'namespace')
    return new Catalog(this.#parts, name)
  }

  /** As in any namespace; the handle leads to the other namespaces too. */
  override as(actor: string, note?: string): RootCatalog {
    return new RootCatalog({ ...this.#parts, author: authorOf(actor, note) }, this.namespaceName)
  }

  /** As that of a handle to one namespace, over all of them. */
  override async forecast(options: ForecastOptions = {}): Promise<Forecast> {
    return forecastSchedules(this.#parts.store, options)
  }

  /**
   * As in any namespace; with `everywhere`, the schedules of all namespaces.
   *
   * @throws {InvalidInputError} when `until` has passed
   */
  override async pauseAll(options: PauseOptions & ManyOptions & Everywhere = {}): Promise<ManyReport> {
    const { everywhere = false, group, ...rest } = options
    return everywhere
      ? this.pauseIn({ namespace: null, group: group ?? null }, rest)
      : super.pauseAll(options)
  }

  /**
   * As in any namespace; with `everywhere`, ends a pause of all namespaces.
   *
   * @throws {InvalidInputError} when `missed` is no answer
   */
  override async resumeAll(options: ResumeAllOptions & Everywhere = {}): Promise<ManyReport> {
    const { everywhere = false, group, ...rest } = options
    return everywhere
      ? this.resumeIn({ namespace: null, group: group ?? null }, rest)
      : super.resumeAll(options)
  }

  /** As in any namespace; with `everywhere`, the pauses of all namespaces. */
  override async pauses({ everywhere = false }: Everywhere = {}): Promise<PauseInForce[]> {
    return everywhere ? listPauses(this.#parts.store, null) : super.pauses()
  }
}
