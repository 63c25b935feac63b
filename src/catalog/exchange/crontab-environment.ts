import { UnknownZoneError } from '../../errors.ts'
import { checkExpression } from './cron-rules.ts'
import { RefusedLine, type CrontabRemark } from './crontab-warning.ts'
import { SHELL } from './crontab-command.ts'

/** Variables that cron itself acts upon, or sets whatever a crontab says; programs are not handed them. */
const CRONS_OWN = new Set([
  'CRON_TZ',
  'MAILTO',
  'MAILFROM',
  'CONTENT_TYPE',
  'CONTENT_TRANSFER_ENCODING',
  'RANDOM_DELAY',
  'LOGNAME',
  'USER',
])

/** What the variables of a crontab say about the lines that follow them. */
export class CrontabEnvironment {
  readonly #defaultZone: string
  readonly #variables = new Map<string, string>()

  constructor(defaultZone: string) {
    this.#defaultZone = defaultZone
  }

  /** The zone in which times are read: that of `CRON_TZ`, else of `TZ`, else the one given. */
  get timezone(): string {
    const named = this.#variables.get('CRON_TZ') || this.#variables.get('TZ')
    // POSIX has a colon before names of files.
    return named?.replace(/^:/, '') || this.#defaultZone
  }

  get shell(): string {
    return this.#variables.get('SHELL') || SHELL
  }

  /** Where commands run, if the crontab says so. */
  get home(): string | undefined {
    return this.#variables.get('HOME') || undefined
  }

  /** Whether it says where commands run, and where programs are found. */
  get isComplete(): boolean {
    return this.home !== undefined && this.#variables.has('PATH')
  }

  /** `RANDOM_DELAY`, in minutes. */
  get delayMinutes(): number {
    return Number(this.#variables.get('RANDOM_DELAY') ?? 0)
  }

  /** What programs find in their environment, besides that of the server. */
  get variables(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#variables].filter(([name]) => !CRONS_OWN.has(name)))
  }

  /**
   * A variable for the lines that follow.
   *
   * @throws {RefusedLine} when cron would act upon it, and it says nothing
   */
  set(name: string, value: string): readonly CrontabRemark[] {
    if (name === 'RANDOM_DELAY' && !/^\d{1,5}$/.test(value))
      throw new RefusedLine('random-delay', `RANDOM_DELAY is a number of minutes, not "${value}"`, 'mend it')

    this.#variables.set(name, value)
    if ((name === 'CRON_TZ' || name === 'TZ') && value !== '') refuseUnknownZone(this.timezone)
    if (name === 'TZ' && value !== '' && !this.#variables.get('CRON_TZ')) return [TZ_VARIABLE]
    if (name === 'MAILTO' && value !== '') return [MAIL]
    if (name === 'RANDOM_DELAY' && this.delayMinutes > 0) return [RANDOM_DELAY]
    return []
  }
}

/** @throws {RefusedLine} when the runtime does not know it */
export function refuseUnknownZone(timezone: string): void {
  try {
    checkExpression('* * * * *', timezone)
  } catch (error) {
    if (!(error instanceof UnknownZoneError)) throw error
    throw new RefusedLine(
      'time-zone',
      `${error.message}; the lines under it are left out`,
      'write an IANA name such as Europe/Berlin',
    )
  }
}

const TZ_VARIABLE: CrontabRemark = {
  code: 'tz-variable',
  differs:
    "Vixie's cron and cronie hand TZ to the command and read times in the zone of their machine; here times are read in it too",
  remedy: 'write CRON_TZ= for the zone of the times, if that is another one',
}

const MAIL: CrontabRemark = {
  code: 'mail',
  differs: 'cron mails what a command prints; Carillon keeps the end of it with the run',
  remedy: 'look at carillon schedule history <key> --json, or have the command send the mail',
}

const RANDOM_DELAY: CrontabRemark = {
  code: 'random-delay',
  differs:
    'cron draws one random delay when it starts, for all lines; here each schedule has one of its own, which is drawn once, from its key',
  remedy: 'nothing, if the point is to spread the load',
}
