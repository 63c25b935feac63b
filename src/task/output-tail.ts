/** Keeps the last bytes of a stream, however long it is. */
export class OutputTail {
  readonly #limit: number
  #chunks: Buffer[] = []
  #bytes = 0
  #seen = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** How many bytes came before those that are kept. */
  get droppedBytes(): number {
    return this.#seen - Math.min(this.#seen, this.#limit)
  }

  add(chunk: Buffer): void {
    this.#seen += chunk.length
    this.#bytes += chunk.length
    this.#chunks.push(chunk)
    if (this.#bytes > 2 * this.#limit) this.#trim()
  }

  text(): string {
    this.#trim()
    return this.#chunks.map((chunk) => chunk.toString('utf8')).join('')
  }

  #trim(): void {
    const kept = Buffer.concat(this.#chunks).subarray(-this.#limit)
    this.#chunks = [kept]
    this.#bytes = kept.length
  }
}
