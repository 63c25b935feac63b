import { describe, expect, it } from 'vitest'
import { Lead } from './lead.ts'

describe('Lead', () => {
  it('is nothing before anything was learned, and where asking takes no time', () => {
    const lead = new Lead()
    expect(lead.ms).toBe(0)
    for (let i = 0; i < 50; i++) lead.learn(0)
    expect(lead.ms).toBe(0)
  })

  it('comes to half as much again as asking takes', () => {
    const lead = new Lead()
    for (let i = 0; i < 50; i++) lead.learn(2)
    expect(lead.ms).toBe(3)
  })

  it('is no longer than 5 ms, and forgets one long answer soon', () => {
    const lead = new Lead()
    for (let i = 0; i < 50; i++) lead.learn(10_000)
    expect(lead.ms).toBe(5)
    for (let i = 0; i < 30; i++) lead.learn(1)
    expect(lead.ms).toBe(2)
  })

  it('takes no harm when the clock is set back', () => {
    const lead = new Lead()
    lead.learn(-3_600_000)
    expect(lead.ms).toBe(0)
  })
})
