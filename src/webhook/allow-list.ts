import { isIP, type BlockList } from 'node:net'
import { ConfigError } from '../errors.ts'
import { blockListOf, isIn, kindOfAddress } from './address-kind.ts'

/** One entry of the list: which hosts, by which protocol, on which port. */
interface Entry {
  readonly protocol: string
  /** `undefined` for any. */
  readonly port: string | undefined
  readonly hosts: Hosts
}

type Hosts =
  | { readonly kind: 'public' }
  | { readonly kind: 'name'; readonly name: string }
  /** All names that end with the suffix, `.example.org`. */
  | { readonly kind: 'below'; readonly suffix: string }
  | { readonly kind: 'range'; readonly list: BlockList }

const DEFAULT_PORT: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }
const PUBLIC = 'public'
const FORMS =
  '"public", "api.example.com", "*.example.org", "10.0.0.7", "10.0.0.0/8", each perhaps with "http://" before it and ":8080" or ":*" after it'

/**
 * Where requests may go. A request has to pass twice: its host as it is written, and each address that its host leads to.
 * An address passes when it is public, or listed; a name that is listed vouches for no address, since whoever owns it may
 * let it lead anywhere. `localhost`, which nobody owns, is the exception.
 */
export class AllowList {
  readonly #entries: readonly Entry[]

  /**
   * @param allow `'public'`, or a list of `public`, names, `*.` and a name, addresses and ranges of addresses. Each goes
   * for https and its port 443, unless it says otherwise: `http://`, `:3000`, `:*`
   * @throws {ConfigError} when an entry is none of these, or there is none
   */
  constructor(allow: string | readonly string[]) {
    this.#entries = [allow].flat().map(entryOf)
    if (this.#entries.length === 0)
      throw new ConfigError('allow is empty: give "public", or a list of the hosts that requests may go to')
  }

  /** Why nothing may be sent to this URL, whatever its host leads to; `undefined` when that remains to be seen. */
  faultOfUrl(url: URL): string | undefined {
    const address = addressIn(url)
    const isListed = this.#entriesFor(url).some(({ hosts }) => includes(hosts, url, address))
    if (!isListed)
      return `requests may not go to ${url.origin}: allow lists no such host with this protocol and port`
    return address === undefined ? undefined : this.faultOfAddresses(url, [address])
  }

  /** Why nothing may be sent to these addresses, to which the host of the URL leads; `undefined` when it may. */
  faultOfAddresses(url: URL, addresses: readonly string[]): string | undefined {
    if (addresses.length === 0) return `${url.origin} leads to no address`

    const entries = this.#entriesFor(url)
    const isLocal = isLocalName(url) && entries.some(({ hosts }) => names(hosts, url))
    const refused = addresses.find((address) => !isAllowed(address, entries, isLocal))
    return refused === undefined
      ? undefined
      : `${url.origin} leads to an address that is not public (${kindOfAddress(refused)}), and that allow does not list`
  }

  /** Those that go for its protocol and port. */
  #entriesFor({ protocol, port }: URL): readonly Entry[] {
    const given = port || DEFAULT_PORT[protocol]
    return this.#entries.filter(
      (entry) => entry.protocol === protocol && (entry.port === undefined || entry.port === given),
    )
  }
}

function isAllowed(address: string, entries: readonly Entry[], isLocal: boolean): boolean {
  const kind = kindOfAddress(address)
  if (kind === 'public' || (kind === 'loopback' && isLocal)) return true
  return entries.some(({ hosts }) => hosts.kind === 'range' && isIn(hosts.list, address))
}

function includes(hosts: Hosts, url: URL, address: string | undefined): boolean {
  if (hosts.kind === 'public') return true
  if (hosts.kind === 'range') return address !== undefined && isIn(hosts.list, address)
  return names(hosts, url)
}

/** Whether this names the host, one by one or with all below another one. */
function names(hosts: Hosts, url: URL): boolean {
  const name = nameOf(url)
  if (hosts.kind === 'name') return hosts.name === name
  return hosts.kind === 'below' && name.endsWith(hosts.suffix)
}

/** By RFC 6761 these lead to the machine itself. */
function isLocalName(url: URL): boolean {
  return `.${nameOf(url)}`.endsWith('.localhost')
}

/** The name that the URL has for a host, which `URL` has brought into its one spelling already, but for a full stop. */
function nameOf({ hostname }: URL): string {
  return hostname.replace(/\.$/, '')
}

/** The address that the URL has for a host, in any of the spellings that `URL` knows: `0x7f.1`, `[::ffff:127.0.0.1]`. */
function addressIn({ hostname }: URL): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return isIP(bare) === 0 ? undefined : bare
}

const ENTRY = /^(?:(https?):\/\/)?(\[[^[\]]*\]|[^:/[\]@?#\\\s]+)(?:\/(\d{1,3}))?(?::(\d{1,5}|\*))?$/i

function entryOf(text: unknown): Entry {
  const entry = typeof text === 'string' ? parse(bracketed(text)) : undefined
  if (entry !== undefined) return entry
  throw new ConfigError(`allow has the entry ${JSON.stringify(text)}, which is none of these: ${FORMS}`)
}

function parse(text: string): Entry | undefined {
  const match = ENTRY.exec(text)
  if (match === null) return undefined

  const [, scheme = 'https', host, bits, port] = match
  const protocol = `${scheme.toLowerCase()}:`
  if (port !== undefined && port !== '*' && !(Number(port) >= 1 && Number(port) <= 65_535)) return undefined

  const hosts = hostsOf(host!.toLowerCase(), bits)
  if (hosts === undefined) return undefined
  return { protocol, hosts, port: port === '*' ? undefined : String(Number(port ?? DEFAULT_PORT[protocol])) }
}

function hostsOf(host: string, bits: string | undefined): Hosts | undefined {
  const isBelow = host.startsWith('*.')
  const url = URL.parse(`https://${isBelow ? host.slice(2) : host}`)
  if (url === null || url.hostname.includes('*')) return undefined

  const address = addressIn(url)
  if (address !== undefined) return isBelow ? undefined : rangeOf(address, bits)
  if (bits !== undefined) return undefined
  if (isBelow) return { kind: 'below', suffix: `.${nameOf(url)}` }
  return host === PUBLIC ? { kind: 'public' } : { kind: 'name', name: nameOf(url) }
}

function rangeOf(address: string, bits: string | undefined): Hosts | undefined {
  const longest = isIP(address) === 6 ? 128 : 32
  const length = Number(bits ?? longest)
  return length > longest ? undefined : { kind: 'range', list: blockListOf([`${address}/${length}`]) }
}

/** An address of IPv6 without a port needs no brackets: `fd00::/8`. */
function bracketed(text: string): string {
  const address = text.replace(/\/.*/, '')
  return isIP(address) === 6 ? text.replace(address, `[${address}]`) : text
}
