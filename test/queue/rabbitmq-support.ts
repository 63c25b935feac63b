import type { Logger } from '../../src/logger.ts'
import { messageOf, type Message } from '../../src/queue/message.ts'
import type { MessageQueue } from '../../src/queue/message-queue.ts'
import { rabbitmqQueue, type RabbitmqQueueOptions } from '../../src/queue/rabbitmq/rabbitmq-queue.ts'
import { until } from '../support/until.ts'

export function openQueue(
  name: string,
  options: RabbitmqQueueOptions,
  logger: Logger = new Log(),
): Promise<MessageQueue> {
  return rabbitmqQueue(options).open({ name, logger, postgresAddress: undefined })
}

export class Log implements Logger {
  readonly lines: string[] = []
  info = (_: object, message: string) => void this.lines.push(message)
  warn = (_: object, message: string) => void this.lines.push(message)
  error = (_: object, message: string) => void this.lines.push(message)

  count(part: string): number {
    return this.lines.filter((line) => line.includes(part)).length
  }
}

export function messages(count: number, dueAt: (i: number) => number): Message[] {
  const scheduleId = Math.ceil(Math.random() * 1e12)
  return Array.from({ length: count }, (_, i) =>
    messageOf({
      scheduleId,
      generation: 1,
      nominalAt: i,
      attempt: 0,
      dueAt: Math.floor(dueAt(i)),
      job: 'test',
    }),
  )
}

/** Takes all, and notes what comes and what is early. */
export class Taker {
  readonly times = new Map<string, number>()
  readonly early: Message[] = []
  readonly #consumption

  constructor(queue: MessageQueue, concurrency = 50) {
    this.#consumption = queue.consume({ concurrency, handle: async (message) => this.#take(message) })
  }

  has(sent: readonly Message[]): boolean {
    return sent.every(({ id }) => this.times.has(id))
  }

  stop(): Promise<void> {
    return this.#consumption.stop()
  }

  #take(message: Message): 'done' {
    if (Date.now() < message.dueAt) this.early.push(message)
    this.times.set(message.id, (this.times.get(message.id) ?? 0) + 1)
    return 'done'
  }
}

/** Sends until it does not fail: while the server is away, it does. */
export async function sendAtLast(queue: MessageQueue, sent: readonly Message[]): Promise<void> {
  await until('messages are taken in', () =>
    queue.send(sent).then(
      () => true,
      () => false,
    ),
  )
}
