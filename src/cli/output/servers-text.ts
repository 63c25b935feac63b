import type { ServerInfo } from '../../carillon/presence.ts'
import type { Style } from './style.ts'
import { table } from './table.ts'
import { relativeTime } from './time.ts'

/** The servers, one a line. */
export function serversText(servers: readonly ServerInfo[], now: number, style: Style): string {
  if (servers.length === 0) return 'no server has started'
  const rows = servers.map(({ name, roles, isAlive, running, startedAt, seenAt }) => [
    style.bold(name),
    roles.join(', '),
    isAlive ? style.paint('green', 'alive') : style.paint('red', 'gone'),
    String(running),
    relativeTime(startedAt, now),
    relativeTime(seenAt, now),
  ])
  return table(['SERVER', 'ROLES', '', 'RUNNING', 'STARTED', 'HEARD OF'], rows, style)
}
