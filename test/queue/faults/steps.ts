import type { QueueKind } from './queue-kind.ts'

/** What happens to the occurrences of every queue. Each is a place at which a process can die. */
const OF_EVERY = {
  plan: ['plan: written, not committed', 'plan: committed'],
  edit: ['edit: written, not committed', 'edit: committed'],
  begin: ['begin: not asked', 'begin: committed, not known'],
  run: ['run: begun', 'run: half done'],
  finish: ['finish: not written', 'finish: written, not known'],
  reap: ['reap: written, not committed', 'reap: committed'],
} as const

const OF_DATABASE = { claim: ['claim: claimed'] } as const

const OF_FOREIGN = {
  take: ['take up: taken up'],
  send: ['send: half sent', 'send: under way', 'send: sent, not confirmed'],
  confirm: ['confirm: confirmed'],
  promote: ['promote: not promoted', 'promote: half promoted', 'promote: promoted'],
  deliver: ['deliver: not handed over', 'deliver: done, not settled'],
  withdraw: [
    'withdraw: not withdrawn',
    'withdraw: half withdrawn',
    'withdraw: withdrawn, still noted',
    'withdraw: withdrawn and noted',
  ],
} as const

/** Of a queue whose messages are put in by the transaction that plans them. */
const OF_SHARED = {
  inside: ['send inside: not sent', 'send inside: half sent', 'send inside: sent'],
} as const

type StepsOf<T extends Readonly<Record<string, readonly string[]>>> = T[keyof T][number]

/** A place at which a process can die. */
export type Step =
  | StepsOf<typeof OF_EVERY>
  | StepsOf<typeof OF_DATABASE>
  | StepsOf<typeof OF_FOREIGN>
  | StepsOf<typeof OF_SHARED>

/** The steps that an occurrence goes through with a queue, those that belong together in one list. */
export function stepsOf(kind: QueueKind): readonly (readonly Step[])[] {
  if (kind === 'database') return Object.values({ ...OF_EVERY, ...OF_DATABASE })
  const own = kind === 'pg-boss shared' ? { ...OF_FOREIGN, ...OF_SHARED } : OF_FOREIGN
  return Object.values({ ...OF_EVERY, ...own })
}
