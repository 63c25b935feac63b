/** What an alert is about. */
export type AlertKind =
  /** A run has failed for good, after all its attempts. */
  | 'run-failed'
  /** A run has not begun, or not ended, by when it should have. */
  | 'run-absent'
  /** A schedule was paused since its runs keep failing. */
  | 'schedule-paused'
  /** A schedule cannot be planned any more. */
  | 'schedule-broken'
  /** A queue has been out of reach for a while. */
  | 'queue-unreachable'
  /** A queue that was out of reach can be reached again. */
  | 'queue-reachable'

/** The schedule that an alert is about. */
export interface AlertSubject {
  readonly namespace: string
  readonly key: string
  readonly group?: string | undefined
  readonly job?: string | undefined
}

/** Something that a human should know of. As JSON, it loses what is `undefined`, and `at` becomes text. */
export interface Alert extends Partial<AlertSubject> {
  /** Names this alert; one that is delivered twice has the same. */
  readonly id: string
  readonly kind: AlertKind
  /** When it was raised, by the clock of the server. */
  readonly at: Date
  /** Which server noticed. */
  readonly server: string
  /** The id of the occurrence, where it is about one. */
  readonly occurrence?: string | undefined
  /** One sentence that a human can act on. */
  readonly message: string
  /** What a program can act on: plain JSON, for each kind another. */
  readonly details: Readonly<Record<string, unknown>>
}

/** An alert as those raise it who notice. */
export interface NewAlert extends Pick<Alert, 'kind' | 'occurrence' | 'message' | 'details'> {
  readonly about?: AlertSubject | undefined
}

/** Whom alerts are raised with. */
export interface AlertSink {
  /** Has the hooks told. Never throws, and never waits. */
  raise(alert: NewAlert): void
}

/** What a hook is given besides the alert. */
export interface AlertContext {
  /** Aborted when the hook is no longer waited for. */
  readonly signal: AbortSignal
}

/** Does something about alerts: tells somebody, opens a ticket. What it throws is logged. */
export type AlertHook = (alert: Alert, context: AlertContext) => unknown

/** Every kind; a kind that is missing here does not compile. */
export const ALERT_KINDS = Object.keys({
  'run-failed': 1,
  'run-absent': 1,
  'schedule-paused': 1,
  'schedule-broken': 1,
  'queue-unreachable': 1,
  'queue-reachable': 1,
} satisfies Record<AlertKind, 1>) as readonly AlertKind[]

/** How many characters of a text of others a message quotes. */
const MOST_QUOTED = 300

/** A schedule as messages name it. */
export function scheduleText({ namespace, key }: Pick<AlertSubject, 'namespace' | 'key'>): string {
  return namespace === 'default' ? `schedule "${key}"` : `schedule "${key}" of namespace "${namespace}"`
}

/** What others wrote, on one line and not too long. */
export function quoted(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > MOST_QUOTED ? `${line.slice(0, MOST_QUOTED)}…` : line
}
