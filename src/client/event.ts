/** What the stream of events tells. Its instants are ISO 8601. */
export type ApiEvent = ReadyEvent | ScheduleEvent | RunEvent | GapEvent

/** The stream has begun: what is read from here on, and what is told, miss nothing together. */
export interface ReadyEvent {
  readonly type: 'ready'
  readonly at: string
}

interface Subject {
  readonly at: string
  readonly namespace: string
  readonly key: string
  readonly group?: string
  readonly job: string
}

/** A schedule was stored, changed, paused, resumed or deleted. */
export interface ScheduleEvent extends Subject {
  readonly type: 'schedule'
  readonly revision: number
  readonly state: 'active' | 'paused' | 'broken' | 'deleted'
}

/** A run has begun or ended. */
export interface RunEvent extends Subject {
  readonly type: 'run'
  readonly id: string
  readonly nominalAt: string
  readonly state: string
  readonly attempt: number
}

/** More has happened than is told one by one: read anew what is shown. */
export interface GapEvent {
  readonly type: 'gap'
  readonly at: string
}

/** Reads events out of a stream of bytes, until that ends. Whoever reads no further ends it. */
export async function* eventsIn(bytes: ReadableStream<Uint8Array>): AsyncGenerator<ApiEvent, void> {
  const reader = bytes.getReader()
  const decoder = new TextDecoder()
  let text = ''
  try {
    while (true) {
      const { done, value } = await reader.read()
      if (done) return
      text += decoder.decode(value, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) {
        const event = eventOf(block)
        if (event !== undefined) yield event
      }
    }
  } finally {
    // Fails only where the stream has failed, of which the reader is told.
    await reader.cancel().catch(() => {})
  }
}

/** `undefined` for a comment, which only keeps the connection open. */
function eventOf(block: string): ApiEvent | undefined {
  let type: string | undefined
  let data = ''
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) type = line.slice('event: '.length)
    else if (line.startsWith('data: ')) data += line.slice('data: '.length)
  }
  return type === undefined ? undefined : ({ type, ...(JSON.parse(data) as object) } as ApiEvent)
}
