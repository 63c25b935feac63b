import type { JobRegistry } from '../task/job-registry.ts'

/** Counts what of each job is under way here, for those that say how much may be. */
export class JobLimits {
  readonly #jobs: JobRegistry
  readonly #counts = new Map<string, number>()

  constructor(jobs: JobRegistry) {
    this.#jobs = jobs
  }

  /** The jobs of which more can begin. */
  get open(): readonly string[] {
    if (this.#counts.size === 0) return this.#jobs.names
    return this.#jobs.names.filter((name) => (this.#counts.get(name) ?? 0) < this.#limitOf(name))
  }

  /** Counts one more. @returns whether there is room for it; otherwise it is not counted */
  enter(job: string): boolean {
    const limit = this.#limitOf(job)
    if (limit === Infinity) return true
    const count = this.#counts.get(job) ?? 0
    if (count >= limit) return false
    this.#counts.set(job, count + 1)
    return true
  }

  /** Counts one less. */
  leave(job: string): void {
    const count = this.#counts.get(job)
    if (count === undefined) return
    if (count > 1) this.#counts.set(job, count - 1)
    else this.#counts.delete(job)
  }

  #limitOf(job: string): number {
    return this.#jobs.find(job)?.concurrency ?? Infinity
  }
}
