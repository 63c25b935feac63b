/** How much all bodies together may come to that are being read, or worked on. */
const LEAST_BYTES = 64 * 1024 * 1024
/** What part of it one sender may have. */
const SHARE = 1 / 4

/** Bounds the memory that bodies take, however many come at a time and however slowly. */
export class BodyBudget {
  readonly #total: number
  readonly #of = new Map<string, number>()
  #taken = 0

  /** @param largest the size of the largest body that is taken at all */
  constructor(largest: number) {
    this.#total = Math.max(LEAST_BYTES, largest / SHARE)
  }

  /** @returns how to give them back; nothing when there is no room for so many */
  take(sender: string, bytes: number): (() => void) | undefined {
    const own = this.#of.get(sender) ?? 0
    if (own + bytes > this.#total * SHARE || this.#taken + bytes > this.#total) return undefined
    this.#add(sender, bytes)
    return () => this.#add(sender, -bytes)
  }

  #add(sender: string, bytes: number): void {
    this.#taken += bytes
    const own = (this.#of.get(sender) ?? 0) + bytes
    if (own === 0) this.#of.delete(sender)
    else this.#of.set(sender, own)
  }
}
