import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Another process of the bench, which runs one of the programs in `member/`. It ends when it is disposed of. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess

  private constructor(process: ChildProcess) {
    this.#process = process
  }

  /** Resolves when it has said that it is ready. */
  static async start(member: string, ...args: readonly string[]): Promise<Child> {
    const child = new Child(fork(new URL(`../member/${member}.ts`, import.meta.url), args))
    await child.answer()
    return child
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** Tells it to go on. */
  go(): void {
    this.#process.send('go')
  }

  /**
   * What it says next.
   *
   * @throws {Error} when it ends without a word
   */
  async answer<T>(): Promise<T> {
    const ended = once(this.#process, 'exit').then(([status]) => {
      throw new Error(`a process of the bench ended with status ${status}`)
    })
    const [message] = await Promise.race([once(this.#process, 'message'), ended])
    return message as T
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null) return
    const exit = once(this.#process, 'exit')
    this.#process.disconnect()
    await exit
  }
}
