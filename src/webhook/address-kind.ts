import { BlockList, isIP } from 'node:net'

/** What an address is for. Whoever has a `public` one can be anybody; all others lead to where a server stands itself. */
export type AddressKind =
  | 'public'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'cloud metadata'
  | 'shared'
  | 'multicast'
  | 'unspecified'
  | 'reserved'

/** The special ranges of IPv4, by the registry of IANA; what is not in them is public. */
const RANGES_V4: readonly (readonly [AddressKind, ...string[]])[] = [
  // Azure's, in the midst of public ones. All other clouds have theirs in the ranges below.
  ['cloud metadata', '169.254.169.254/32', '168.63.129.16/32'],
  ['loopback', '127.0.0.0/8'],
  ['private', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ['link-local', '169.254.0.0/16'],
  ['shared', '100.64.0.0/10'],
  ['multicast', '224.0.0.0/4'],
  ['unspecified', '0.0.0.0/8'],
  // Of protocols, documentation (three), relays to IPv6, benchmarks, the future with the broadcast address.
  ['reserved', '192.0.0.0/24', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '192.88.99.0/24'],
  ['reserved', '198.18.0.0/15', '240.0.0.0/4'],
]

const RANGES_V6: readonly (readonly [AddressKind, ...string[]])[] = [
  ['cloud metadata', 'fd00:ec2::254/128', 'fd20:ce::254/128'],
  ['loopback', '::1/128'],
  ['private', 'fc00::/7', 'fec0::/10'],
  ['link-local', 'fe80::/10'],
  ['multicast', 'ff00::/8'],
  ['unspecified', '::/128'],
  // Of protocols (Teredo and benchmarks among them), and documentation (two).
  ['reserved', '2001::/23', '2001:db8::/32', '3fff::/20'],
]

/** What is public in IPv6 if nothing above says otherwise: the global addresses, and IPv4 by way of NAT64. */
const GLOBAL_V6 = ['2000::/3', '64:ff9b::/96']

const KINDS: readonly (readonly [AddressKind, BlockList])[] = [
  ...RANGES_V4.map(([kind, ...ranges]) => [kind, blockListOf(ranges.flatMap(withCarried))] as const),
  ...RANGES_V6.map(([kind, ...ranges]) => [kind, blockListOf(ranges)] as const),
]
const GLOBAL = blockListOf(['0.0.0.0/0', ...GLOBAL_V6])

/**
 * What an address is for, whatever it is written like. IPv4 addresses that IPv6 carries (mapped, NAT64, 6to4) are of the
 * kind of what is carried.
 *
 * @param address as the resolver answers it; what is none is `reserved`
 */
export function kindOfAddress(address: string): AddressKind {
  return KINDS.find(([, list]) => isIn(list, address))?.[0] ?? (isIn(GLOBAL, address) ? 'public' : 'reserved')
}

/** Whether an address is in a list; one of IPv4 also when it is written as a mapped one of IPv6. */
export function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** @param ranges as in `10.0.0.0/8`, `fe80::/10` */
export function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address, bits] = range.split('/') as [string, string]
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** A range of IPv4 with what carries it: NAT64 in its last 32 bits, 6to4 in those after the first 16. */
function withCarried(range: string): string[] {
  const [address, bits] = range.split('/') as [string, string]
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  const hex = [a * 256 + b, c * 256 + d].map((part) => part.toString(16)).join(':')
  return [range, `64:ff9b::${address}/${96 + Number(bits)}`, `2002:${hex}::/${16 + Number(bits)}`]
}
