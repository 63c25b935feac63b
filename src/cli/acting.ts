import type { Command } from 'commander'
import type { Catalog } from '../catalog/catalog.ts'
import type { RootCatalog } from '../catalog/root-catalog.ts'
import type { Call } from './invocation.ts'
import type { Session } from './session.ts'

/** Who changes something, and what they say about it. */
export interface ActingOptions {
  readonly actor?: string
  readonly changeNote?: string
}

/** Adds the options that say who changes something, and why, with a name for the latter that the command has free. */
export function withActor(command: Command, note: '--note' | '--change-note' = '--note'): Command {
  return command
    .option('--actor <name>', "who does it, for schedule changes; default the operating system's user")
    .option(`${note} <text>`, 'why, for schedule changes')
}

/** The schedules of the namespace that was asked for, changed by whoever calls. */
export function acting(
  { catalog }: Pick<Session, 'catalog'>,
  call: Call<ActingOptions>,
  note?: string,
): Catalog {
  const actor = actorOf(call)
  return actor === undefined ? catalog : catalog.as(actor, note)
}

/** The same, with the door to all namespaces. */
export function actingEverywhere(
  { carillon }: Pick<Session, 'carillon'>,
  call: Call<ActingOptions>,
  note?: string,
): RootCatalog {
  const actor = actorOf(call)
  return actor === undefined ? carillon : carillon.as(actor, note)
}

function actorOf({ options: { actor }, terminal }: Call<ActingOptions>): string | undefined {
  return actor ?? terminal.user
}
