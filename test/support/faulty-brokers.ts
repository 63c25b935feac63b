/** Brokers that each break one promise of a queue, as real ones did or could. */
import type { Message } from '../../src/queue/message.ts'
import { MemoryBroker, type Entry, type MemoryConsumption } from './memory-broker.ts'

/** Whether it is the turn of one in so many. */
function everyOf(count: number): () => boolean {
  let turn = 0
  return () => ++turn % count === 0
}

export class LosesSome extends MemoryBroker {
  readonly #isLost = everyOf(1_000)

  override takeIn(message: Message): void {
    if (!this.#isLost()) super.takeIn(message)
  }
}

export class IsEarly extends MemoryBroker {
  readonly #isEarly = everyOf(20)

  override takeIn(message: Message): void {
    super.takeIn(message, message.dueAt - (this.#isEarly() ? 50 : 0))
  }
}

export class ForgetsInstants extends MemoryBroker {
  readonly #forgets = everyOf(100)

  override takeIn(message: Message): void {
    super.takeIn(message, this.#forgets() ? 0 : message.dueAt)
  }
}

export class OverflowsTimers extends MemoryBroker {
  override takeIn(message: Message): void {
    const delay = message.dueAt - this.clock.now()
    super.takeIn(message, delay >= 2 ** 31 ? 0 : message.dueAt)
  }
}

export class DropsThePast extends MemoryBroker {
  override takeIn(message: Message): void {
    if (message.dueAt > this.clock.now() - 60_000) super.takeIn(message)
  }
}

export class BlocksBehindLong extends MemoryBroker {
  #last = 0

  override takeIn(message: Message): void {
    this.#last = Math.max(this.#last, message.dueAt)
    super.takeIn(message, this.#last)
  }
}

export class GivesTwice extends MemoryBroker {
  readonly #isTwice = everyOf(200)

  override settle(entry: Entry, answer: 'done' | 'again'): void {
    super.settle(entry, answer === 'done' && this.#isTwice() ? 'again' : answer)
  }
}

export class GivesToTwo extends MemoryBroker {
  protected override give(entry: Entry, consumption: MemoryConsumption): void {
    super.give(entry, consumption)
    const other = [...this.consumers].find((one) => one !== consumption && this.hasRoom(one))
    if (other !== undefined) super.give(entry, other)
  }
}

export class GivesAgainAfter extends MemoryBroker {
  protected override give(entry: Entry, consumption: MemoryConsumption): void {
    super.give(entry, consumption)
    // As a queue whose lock on a message ends while a handler still has it.
    this.clock.alarmAt(this.clock.now() + 500, () => entry.state === 'active' && this.makeDue(entry))
  }
}

export class ForgetsWaiting extends MemoryBroker {
  override subscribe(consumption: MemoryConsumption): void {
    for (const entry of this.waiting) this.remove(entry)
    super.subscribe(consumption)
  }
}

export class ForgetsAgain extends MemoryBroker {
  override settle(entry: Entry): void {
    super.settle(entry, 'done')
  }
}

export class GivesAgainToTheSame extends MemoryBroker {
  readonly #owners = new Map<Entry, MemoryConsumption>()

  protected override give(entry: Entry, consumption: MemoryConsumption): void {
    const owner = this.#owners.get(entry) ?? consumption
    this.#owners.set(entry, owner)
    if (owner === consumption) super.give(entry, owner)
  }
}

export class ChangesTheJob extends MemoryBroker {
  protected override give(entry: Entry, consumption: MemoryConsumption): void {
    void consumption.handle(entry, { ...entry.message, job: entry.message.job.trim() })
  }
}

export class CutsIds extends MemoryBroker {
  protected override keyOf(message: Message): string {
    return message.id.slice(0, 63)
  }
}

export class ReplacesWhatWaits extends MemoryBroker {
  override takeIn(message: Message): void {
    for (const entry of this.find(message.id)) Object.assign(entry.message, message)
    super.takeIn(message)
  }
}

export class TakesInTwice extends MemoryBroker {
  #count = 0

  protected override keyOf({ id }: Message): string {
    return `${id}#${++this.#count}`
  }
}

export class PostponesWhatIsSentAgain extends MemoryBroker {
  override takeIn(message: Message): void {
    for (const entry of this.find(message.id)) if (entry.state !== 'active') this.remove(entry)
    super.takeIn(message)
  }
}

export class RefusesSettled extends MemoryBroker {
  readonly #seen = new Set<string>()

  override takeIn(message: Message): void {
    if (!this.#seen.has(message.id)) super.takeIn(message)
  }

  override settle(entry: Entry, answer: 'done' | 'again'): void {
    if (answer === 'done') this.#seen.add(entry.message.id)
    super.settle(entry, answer)
  }
}

export class IgnoresPromote extends MemoryBroker {
  override promote(): void {}
}

export class PromotesAllBut extends MemoryBroker {
  readonly #misses = everyOf(500)

  override promote(message: Message): void {
    if (!this.#misses()) super.promote(message)
  }
}

export class PromotesACopy extends MemoryBroker {
  override promote(message: Message): void {
    const key = `${message.id}-promoted`
    const entry: Entry = { key, message, state: 'delayed' }
    this.entries.set(key, entry)
    this.makeDue(entry)
  }
}

export class ChokesOnUnknown extends MemoryBroker {
  override promote(message: Message): void {
    if (this.find(message.id).length === 0) throw new Error(`there is no ${message.id}`)
    super.promote(message)
  }
}

export class IgnoresWithdrawal extends MemoryBroker {
  override withdraw(): void {}
}

export class WithdrawsAHundred extends MemoryBroker {
  #left = 100

  override withdraw(message: Message): void {
    if (this.#left-- > 0) super.withdraw(message)
  }
}

export class TakesAwayWhatIsAtWork extends MemoryBroker {
  override withdraw(message: Message): void {
    const [entry] = this.find(message.id)
    if (entry?.state === 'active') this.makeDue(entry)
    else super.withdraw(message)
  }
}

export class WithdrawsForEver extends MemoryBroker {
  readonly #withdrawn = new Set<string>()

  override takeIn(message: Message): void {
    if (!this.#withdrawn.has(message.id)) super.takeIn(message)
  }

  override withdraw(message: Message): void {
    this.#withdrawn.add(message.id)
    super.withdraw(message)
  }
}

export class IgnoresConcurrency extends MemoryBroker {
  protected override hasRoom(): boolean {
    return true
  }
}

export class TakesOneAtATime extends MemoryBroker {
  protected override hasRoom({ active }: MemoryConsumption): boolean {
    return active === 0
  }
}

export class TakesBatches extends MemoryBroker {
  protected override deliver(): void {
    for (const consumer of this.consumers) {
      if (consumer.active > 0) continue
      for (const entry of this.waiting.splice(0, consumer.concurrency)) {
        entry.state = 'active'
        this.give(entry, consumer)
      }
    }
  }
}

export class StopsWithoutWaiting extends MemoryBroker {
  override async stop(consumption: MemoryConsumption): Promise<void> {
    this.consumers.delete(consumption)
  }
}

export class GoesOnAfterStop extends MemoryBroker {
  override async stop(consumption: MemoryConsumption): Promise<void> {
    while (this.waiting.length > 0) await consumption.settled()
    await super.stop(consumption)
  }
}

export class LosesWhatItHadTaken extends MemoryBroker {
  override async stop(consumption: MemoryConsumption): Promise<void> {
    const [taken] = this.waiting
    if (taken !== undefined) this.remove(taken)
    await super.stop(consumption)
  }
}

export class ForgetsWhatItsLastConsumerHad extends MemoryBroker {
  override settle(entry: Entry, answer: 'done' | 'again'): void {
    super.settle(entry, this.consumers.size === 0 ? 'done' : answer)
  }
}

export class NamesANewEpoch extends MemoryBroker {
  #count = 0

  override epoch(): string {
    return `epoch-${++this.#count}`
  }
}

export class EchoesTheEpoch extends MemoryBroker {
  override epoch(last: string | undefined): string {
    return last ?? super.epoch(last)
  }
}

export class NeverNamesANewEpoch extends MemoryBroker {
  override epoch(): string {
    return 'epoch'
  }
}

export class StopsDeliveringAfterLoss extends MemoryBroker {
  override loseData(): void {
    super.loseData()
    this.consumers.clear()
  }
}

export class LosesAtRestart extends MemoryBroker {
  override restart(): void {
    const [entry] = this.entries.values()
    if (entry !== undefined) this.remove(entry)
  }
}

export class StopsDeliveringAfterRestart extends MemoryBroker {
  override restart(): void {
    this.consumers.clear()
  }
}

export class Miscounts extends MemoryBroker {
  override health() {
    return { ...super.health(), delayed: 0 }
  }
}

export class IsDown extends MemoryBroker {
  override health() {
    return { isUp: false, error: 'no answer' }
  }
}
