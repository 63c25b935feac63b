import type { Clock, Instant } from '../../clock/clock.ts'
import { Loop } from '../../clock/loop.ts'
import type { Logger } from '../../logger.ts'
import { occurrenceId } from '../../schedule/occurrence.ts'
import type { RunNews, ScheduleNews } from '../../store/news-table.ts'
import type { Store } from '../../store/store.ts'
import { isAbout, type News, type NewsFilter } from './news.ts'

export interface NewsFeedParts {
  readonly store: Pick<Store, 'now' | 'read'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Who follows. Neither may throw. */
export interface Follower {
  /** Called for each piece of news, in the order of their instants. */
  readonly tell: (news: News) => void
  /** Called when there will be no more. */
  readonly end?: () => void
}

interface Found {
  /** The same when it is found again. */
  readonly name: string
  readonly at: Instant
  readonly news: News
}

/** How often it is looked for news while somebody follows. */
const EVERY_MS = 1_000
const RETRY_MS = 5_000
/** What is committed later than this after its instant is not told. */
const LATE_MS = 5_000
/** How much of each kind is told one by one, at a time. */
const MOST = 1_000

/**
 * Tells those who follow what happens to schedules and runs, whichever process does it: while there is somebody, the
 * database is asked once a second, for all of them together.
 */
export class NewsFeed {
  readonly #parts: NewsFeedParts
  readonly #followers = new Map<Follower, NewsFilter>()
  readonly #loop: Loop
  /** What was found already, and when that happened. */
  #known = new Map<string, Instant>()
  /** What is older was found, but for what is still being committed; `undefined` while nobody follows. */
  #since: Instant | undefined
  #begun: Promise<void> | undefined
  /** While there is too much to be told one by one: when that was told last. */
  #gapAt: Instant | undefined

  constructor(parts: NewsFeedParts) {
    this.#parts = parts
    this.#loop = new Loop(
      parts.clock,
      () => this.#step(),
      (error) => {
        parts.logger.warn({ error }, 'what has happened could not be read; it is tried again')
        return parts.clock.now() + RETRY_MS
      },
    )
  }

  /**
   * Follows what happens from now on.
   *
   * @returns how to stop
   * @throws {DriverError} when the database fails
   */
  async follow(filter: NewsFilter, follower: Follower): Promise<() => void> {
    this.#begun ??= this.#begin()
    try {
      await this.#begun
    } catch (error) {
      this.#begun = undefined
      throw error
    }
    this.#followers.set(follower, filter)
    this.#loop.start()
    return () => {
      this.#followers.delete(follower)
      if (this.#followers.size === 0) void this.stop()
    }
  }

  /** Ends; nobody is told anything any more. */
  async stop(): Promise<void> {
    for (const { end } of this.#followers.keys()) end?.()
    this.#followers.clear()
    this.#begun = undefined
    this.#since = undefined
    await this.#loop.stop()
  }

  /** What is there before somebody follows is no news. */
  async #begin(): Promise<void> {
    const now = await this.#parts.store.now()
    const found = await this.#look(now)
    this.#known = new Map(found?.map(({ name, at }) => [name, at]))
    this.#since = now
  }

  async #step(): Promise<Instant> {
    const { clock } = this.#parts
    if (this.#since === undefined) await this.#begin()
    const found = await this.#look(this.#since!)
    if (found !== undefined && this.#gapAt === undefined) this.#tellNew(found)
    else await this.#tellGap(found)
    return clock.now() + EVERY_MS
  }

  /** @param found what is found again, once it can be told one by one; it is part of the gap */
  async #tellGap(found: readonly Found[] | undefined): Promise<void> {
    const now = await this.#parts.store.now()
    const isToTell = found !== undefined || now - (this.#gapAt ?? -Infinity) >= LATE_MS
    this.#since = now
    this.#known = new Map(found?.map(({ name, at }) => [name, at]))
    if (isToTell) this.#tell({ type: 'gap', at: new Date(now) })
    if (found !== undefined) this.#gapAt = undefined
    else if (isToTell) this.#gapAt = now
  }

  /** What has happened since, and what may have been committed late; `undefined` when that is too much. */
  async #look(since: Instant): Promise<Found[] | undefined> {
    const from = since - LATE_MS
    const [schedules, begun, ended] = await this.#parts.store.read(async ({ news }) => [
      await news.schedules(from, MOST),
      await news.begun(from, MOST),
      await news.ended(from, MOST),
    ])
    if (schedules.length >= MOST || begun.length >= MOST || ended.length >= MOST) return undefined
    return [...schedules.map(ofSchedule), ...[...begun, ...ended].map(ofRun)].sort((a, b) => a.at - b.at)
  }

  #tellNew(found: readonly Found[]): void {
    const fresh = found.filter(({ name }) => !this.#known.has(name))
    this.#known = new Map(found.map(({ name, at }) => [name, at]))
    this.#since = Math.max(this.#since ?? 0, found.at(-1)?.at ?? 0)
    for (const { news } of fresh) this.#tell(news)
  }

  #tell(news: News): void {
    for (const [{ tell }, filter] of this.#followers) if (isAbout(news, filter)) tell(news)
  }
}

function ofSchedule(schedule: ScheduleNews): Found {
  const { id, revision, isDeleted, namespace, key, group, job, at } = schedule
  const state = isDeleted ? 'deleted' : schedule.state
  const subject = { namespace, key, group: group ?? undefined, job }
  const news: News = { type: 'schedule', at: new Date(at), ...subject, revision, state }
  return { name: `schedule ${id} ${revision} ${state}`, at, news }
}

function ofRun(run: RunNews): Found {
  const { namespace, key, group, job, state, attempt, at } = run
  const id = occurrenceId(run)
  const subject = { namespace, key, group: group ?? undefined, job }
  const nominalAt = new Date(run.nominalAt)
  const news: News = { type: 'run', at: new Date(at), ...subject, id, nominalAt, state, attempt }
  return { name: `run ${id} ${attempt} ${state}`, at, news }
}
