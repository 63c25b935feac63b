import { UnknownZoneError } from '../errors.ts'
import { nearest } from '../suggestion.ts'
import { offsetFormatter } from './offset-reader.ts'
import { ZoneTable } from './zone-table.ts'

/**
 * The tables of the zones in use, by lower-case name: a fact about the runtime, found once for a process. The runtime
 * knows some six hundred names and a few thousand offsets, which bounds the map.
 */
const tables = new Map<string, ZoneTable>()

/** Names that the runtime accepts but doesn't list: it lists those that were current when ICU took them up. */
const UNLISTED_NAMES = `
  UTC Asia/Kolkata Asia/Kathmandu Asia/Ho_Chi_Minh Asia/Yangon Europe/Kyiv America/Nuuk
  America/Argentina/Buenos_Aires Atlantic/Faroe Pacific/Pohnpei Pacific/Chuuk Africa/Asmara`
  .trim()
  .split(/\s+/)

/**
 * The clock changes of a zone.
 *
 * @param timezone an IANA name in any case, or an offset such as `+05:30`
 * @throws {UnknownZoneError} when the runtime does not know it, with a suggestion when a name is near
 */
export function zoneTable(timezone: string): ZoneTable {
  if (typeof timezone !== 'string' || timezone.length > 64) throw unknownZone(timezone)

  const key = timezone.toLowerCase()
  const known = tables.get(key)
  if (known !== undefined) return known

  const table = readZone(timezone)
  tables.set(key, table)
  return table
}

function readZone(timezone: string): ZoneTable {
  let formatter
  try {
    formatter = offsetFormatter(timezone)
  } catch (error) {
    if (error instanceof RangeError) throw unknownZone(timezone)
    throw error
  }

  const canonical = formatter.resolvedOptions().timeZone
  if (canonical === 'UTC') return ZoneTable.fixed(0)
  const offset = /^([+-])(\d\d):(\d\d)$/.exec(canonical)
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3])
    return ZoneTable.fixed((offset[1] === '-' ? -minutes : minutes) * 60_000)
  }

  const key = canonical.toLowerCase()
  const table = tables.get(key) ?? ZoneTable.of(formatter)
  tables.set(key, table)
  return table
}

function unknownZone(timezone: unknown): UnknownZoneError {
  if (typeof timezone !== 'string') {
    return new UnknownZoneError(`a time zone is a name such as "Europe/Berlin", not ${typeof timezone}`, '')
  }
  const shown = JSON.stringify(timezone.slice(0, 64))
  const hint = suggestion(timezone)
  return new UnknownZoneError(`unknown time zone ${shown}${hint}`, timezone)
}

function suggestion(timezone: string): string {
  if (timezone.trim() === '') return ': write a name such as "Europe/Berlin", or "UTC"'
  if (/^z$/i.test(timezone)) return ': write "UTC"'
  if (/^(local|system)$/i.test(timezone)) {
    return ': servers differ in their local time; write a name such as "Europe/Berlin"'
  }

  const offset = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d\d))?$/i.exec(timezone)
  if (offset !== null && Number(offset[2]) < 24) {
    return `: write "${offset[1]}${offset[2]!.padStart(2, '0')}:${offset[3] ?? '00'}"`
  }
  if (timezone.length > 64) return ''

  const names = [...UNLISTED_NAMES, ...Intl.supportedValuesOf('timeZone')]
  const spelled = timezone.trim().replaceAll(' ', '_')
  const near = names.find((name) => isLastPart(name, spelled)) ?? nearest(spelled, names)
  return near === undefined ? '' : `: did you mean "${near}"?`
}

/** `Berlin` is the last part of `Europe/Berlin`. */
function isLastPart(name: string, part: string): boolean {
  return name.slice(name.lastIndexOf('/') + 1).toLowerCase() === part.toLowerCase()
}
