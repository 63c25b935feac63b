import { describe, expect, it } from 'vitest'
import { ManualClock } from '../testing/manual-clock.ts'
import { fakeTerminal } from '../../test/cli/fake-terminal.ts'
import { interruption } from './interruption.ts'

describe('interruption', () => {
  it('tells the first signal, and hurries on the second', async () => {
    const clock = new ManualClock(0)
    const terminal = fakeTerminal({ clock })
    using interrupted = interruption(terminal)

    terminal.interrupt('SIGTERM')
    expect(await interrupted.first).toBe('SIGTERM')
    expect(interrupted.hurry.aborted).toBe(false)

    await clock.advance('1s')
    terminal.interrupt('SIGINT')
    expect(interrupted.hurry.aborted).toBe(true)
  })

  it('takes a Ctrl-C that npm passes on for the same one', async () => {
    const terminal = fakeTerminal({ clock: new ManualClock(0) })
    using interrupted = interruption(terminal)

    terminal.interrupt('SIGINT')
    terminal.interrupt('SIGINT')
    expect(interrupted.hurry.aborted).toBe(false)
  })

  it('leaves the third to the system', async () => {
    const clock = new ManualClock(0)
    const terminal = fakeTerminal({ clock })
    using interrupted = interruption(terminal)

    terminal.interrupt('SIGINT')
    await clock.advance('1s')
    terminal.interrupt('SIGINT')
    expect(interrupted.hurry.aborted).toBe(true)
    expect(terminal.isListening).toBe(false)
  })
})
