import type { TokenInput } from '../../catalog/tokens/tokens.ts'
import type { Token, TokenState } from '../../catalog/tokens/token-view.ts'
import type { Style } from './style.ts'
import { shorten, table } from './table.ts'
import { absoluteTime, localZone, relativeTime } from './time.ts'

/** The names of many groups are cut in a table. */
const WIDEST_NAMES = 40
const COLOURS: Readonly<Record<TokenState, 'green' | 'yellow' | 'red'>> = {
  'in-force': 'green',
  expired: 'yellow',
  revoked: 'red',
}

/** What a token that was created is good for. */
export function createdNote(
  id: string,
  { scope, namespace, groups = [], jobs = [], expiresIn }: TokenInput,
): string {
  const parts = [
    `scope ${scope}`,
    namespace === undefined ? 'all namespaces' : `namespace ${namespace}`,
    ...(groups.length > 0 ? [`groups ${groups.join(', ')}`] : []),
    ...(jobs.length > 0 ? [`jobs ${jobs.join(', ')}`] : []),
    expiresIn === undefined ? 'until it is revoked' : `for ${expiresIn}`,
  ]
  return `Token ${id}: ${parts.join('; ')}. It is shown this once: keep it where passwords are kept.`
}

/** Tokens in a table. */
export function tokensTable(tokens: readonly Token[], now: number, style: Style): string {
  if (tokens.length === 0) return 'There are no tokens.'
  const rows = tokens.map((token) => [
    style.bold(token.id),
    style.paint(COLOURS[token.state], token.state),
    token.scope,
    token.namespace ?? style.bold('all'),
    namesText(token.groups),
    namesText(token.jobs),
    token.expiresAt === undefined ? '-' : absoluteTime(token.expiresAt),
    token.lastUsedAt === undefined ? 'never' : relativeTime(token.lastUsedAt, now),
    token.createdBy ?? '-',
    token.label,
  ])
  const head = [
    'ID',
    'STATE',
    'SCOPE',
    'NAMESPACE',
    'GROUPS',
    'JOBS',
    `ENDS (${localZone()})`,
    'LAST USED',
    'BY',
    'LABEL',
  ]
  return table(head, rows, style)
}

function namesText(names: readonly string[] | undefined): string {
  return names === undefined ? 'all' : shorten(names.join(', '), WIDEST_NAMES)
}
