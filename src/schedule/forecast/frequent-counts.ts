/** One of many, and how many occurrences are its. */
export interface NamedCount {
  readonly name: string
  readonly count: number
}

/**
 * Adds up counts by name in bounded memory: as long as there are no more than twice `kept` names, all of them exactly.
 * Beyond that the smaller ones give way, and every count is too low by at most a `kept`-th of the sum of all.
 *
 * @see J. Misra, D. Gries, Finding repeated elements, 1982; pruned in bulk as in Apache DataSketches' frequent items
 */
export class FrequentCounts {
  readonly #kept: number
  readonly #counts = new Map<string, number>()

  constructor(kept = 1_000) {
    this.#kept = kept
  }

  add(name: string, count: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count)
    if (this.#counts.size > 2 * this.#kept) this.#prune()
  }

  /** The largest counts, the largest first; equal ones by name. */
  largest(most = this.#kept): NamedCount[] {
    return [...this.#counts]
      .map(([name, count]) => ({ name, count }))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
      .slice(0, most)
  }

  /** Takes from all as much as the first that is not kept has. */
  #prune(): void {
    const counts = Float64Array.from(this.#counts.values()).sort()
    const less = counts.at(-this.#kept - 1)!
    for (const [name, count] of this.#counts) {
      if (count > less) this.#counts.set(name, count - less)
      else this.#counts.delete(name)
    }
  }
}
