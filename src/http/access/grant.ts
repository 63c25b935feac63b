/** What somebody may do, as their token says. */
export interface Grant {
  readonly scope: Scope
  /** The namespace that it is for; `null` for all. */
  readonly namespace: string | null
  /** The groups of schedules that it reaches; `null` for all. */
  readonly groups: readonly string[] | null
  /** The jobs of schedules that it reaches; `null` for all. */
  readonly jobs: readonly string[] | null
  /** Who acts, as changes tell it. */
  readonly actor: string
}

/** Each one includes those before it. */
export type Scope = 'read' | 'write' | 'admin'

const SCOPES: readonly Scope[] = ['read', 'write', 'admin']

/** Whether the grant suffices for what needs this scope. */
export function may({ scope }: Grant, needed: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(needed)
}

/** Whether it reaches only some of the schedules of its namespace. */
export function isPartial({ groups, jobs }: Grant): boolean {
  return groups !== null || jobs !== null
}
