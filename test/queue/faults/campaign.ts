import { setTimeout as sleep } from 'node:timers/promises'
import { MemberProcess, type MemberSettings } from './member-process.ts'
import { stepsOf, type Step } from './steps.ts'

export interface CampaignOptions {
  readonly settings: Omit<MemberSettings, 'name' | 'fatal'>
  /** Where compiled code is kept. */
  readonly cache: string
  /** Goes on all the time; it is held up now and then. */
  readonly survivor: MemberProcess
  /** How many processes die. */
  readonly rounds: number
  readonly random: () => number
  /** Told of whatever should end it. */
  readonly signal: AbortSignal
}

/** How many processes that are to die there are at a time. */
const AT_ONCE = 2
/** How long a process may take to the step that is fatal to it. Another one that it competes with may be always faster. */
const ROUND_MS = 15_000
/** How often it is tried to get somebody to a step, before it counts as one that is not reached. */
const TRIES = 2
const LOOK_MS = 20
/** How often a process reaches a step before it dies there, at most. */
const MOST_TIMES = 3

/** When the survivor is held up, after the start of a process that is to take back what it runs, and for how long. */
const FREEZE_AFTER_MS = 1_500
const FREEZE_BEYOND_LEASE_MS = 2_000

interface Round {
  readonly step: Step
  readonly tries: number
}

/** Starts one process after the other that is to die at a step, each at another one. */
export class Campaign {
  /** When processes died, by name. */
  readonly killedAt = new Map<string, number>()
  /** How many died at a step. */
  readonly deaths = new Map<Step, number>()
  /** How many were killed anywhere, since they did not reach their step. */
  readonly elsewhere = new Map<Step, number>()
  readonly problems: string[] = []
  readonly #options: CampaignOptions
  readonly #open: Round[]
  #started = 0

  constructor(options: CampaignOptions) {
    this.#options = options
    this.#open = plan(options)
  }

  async run(): Promise<void> {
    const lane = async () => {
      for (let round = this.#open.shift(); round !== undefined; round = this.#open.shift()) {
        if (this.#options.signal.aborted) return
        await this.#round(round)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
  }

  async #round({ step, tries }: Round): Promise<void> {
    const { settings, cache, random, signal } = this.#options
    const name = `doomed-${++this.#started}`
    const isReap = step.startsWith('reap')
    const isSeldom = isReap || step.startsWith('edit') || step.startsWith('withdraw') || tries > 1
    const time = isSeldom ? 1 : 1 + Math.floor(random() * MOST_TIMES)
    await using member = new MemberProcess({ ...settings, name, fatal: { step, time } }, cache)
    const giveUpAt = Date.now() + ROUND_MS
    const isOver = () => member.ending !== undefined || Date.now() >= giveUpAt || signal.aborted
    if (isReap) await this.#freezeSurvivor(isOver)
    while (!isOver()) await sleep(LOOK_MS)

    const reached = member.ending
    if (reached === undefined) await member.kill()
    this.killedAt.set(name, Date.now())
    if (reached === 'SIGKILL') this.deaths.set(step, (this.deaths.get(step) ?? 0) + 1)
    else if (reached === undefined) this.#again({ step, tries })
    else this.problems.push(`${name}, to die at "${step}", ended with ${reached}`)
  }

  /** Otherwise it would nearly always be the first to take back what others held; now it loses what it holds. */
  async #freezeSurvivor(isOver: () => boolean): Promise<void> {
    const { survivor, settings } = this.#options
    await sleep(FREEZE_AFTER_MS)
    survivor.freeze()
    try {
      const thawAt = Date.now() + settings.leaseMs + FREEZE_BEYOND_LEASE_MS
      while (!isOver() && Date.now() < thawAt) await sleep(LOOK_MS)
    } finally {
      survivor.thaw()
    }
  }

  #again({ step, tries }: Round): void {
    this.elsewhere.set(step, (this.elsewhere.get(step) ?? 0) + 1)
    if (tries < TRIES) this.#open.push({ step, tries: tries + 1 })
  }
}

/** Of each group of steps one in turn, and of each group all in turn. */
function plan({ settings, rounds, random }: CampaignOptions): Round[] {
  const groups = shuffled(stepsOf(settings.kind), random).map((group) => shuffled(group, random))
  return Array.from({ length: rounds }, (_, i) => {
    const group = groups[i % groups.length]!
    return { step: group[Math.floor(i / groups.length) % group.length]!, tries: 1 }
  })
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
