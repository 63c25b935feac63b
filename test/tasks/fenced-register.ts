/** What tokens are for: it takes a write only from who was granted the lock last, as far as it has heard. */
export class FencedRegister {
  readonly refused: number[] = []
  #highest = -Infinity

  get highest(): number {
    return this.#highest
  }

  /** @returns whether it was taken */
  write(token: number): boolean {
    if (token < this.#highest) {
      this.refused.push(token)
      return false
    }
    this.#highest = token
    return true
  }
}
