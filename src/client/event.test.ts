import { describe, expect, it } from 'vitest'
import { eventsIn } from './event.ts'

const TEXT = `event: ready\ndata: {"at":"1"}\n\n: still here\n\nevent: run\ndata: {"key":"grüße"}\n\n`

/** A stream of pieces, which notes when it is ended. */
function streamOf(pieces: readonly Uint8Array[]): {
  stream: ReadableStream<Uint8Array>
  isEnded: () => boolean
} {
  let isEnded = false
  const left = [...pieces]
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const piece = left.shift()
      if (piece === undefined) controller.close()
      else controller.enqueue(piece)
    },
    cancel: () => {
      isEnded = true
    },
  })
  return { stream, isEnded: () => isEnded }
}

describe('events', () => {
  const bytes = new TextEncoder().encode(TEXT)

  it.each([1, 2, 7, bytes.length])('are read from pieces of %i bytes', async (size) => {
    const pieces: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
    expect(await Array.fromAsync(eventsIn(streamOf(pieces).stream))).toEqual([
      { type: 'ready', at: '1' },
      { type: 'run', key: 'grüße' },
    ])
  })

  it('are not told when they did not come whole', async () => {
    const cut = bytes.subarray(0, bytes.length - 1)
    expect(await Array.fromAsync(eventsIn(streamOf([cut]).stream))).toHaveLength(1)
  })

  it('end with their reader', async () => {
    const { stream, isEnded } = streamOf([bytes, bytes])
    for await (const { type } of eventsIn(stream)) if (type === 'ready') break
    expect(isEnded()).toBe(true)
  })
})
