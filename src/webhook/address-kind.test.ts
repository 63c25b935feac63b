import { BlockList } from 'node:net'
import { describe, expect, it } from 'vitest'
import { blockListOf, isIn, kindOfAddress, type AddressKind } from './address-kind.ts'

/** The first and the last address of each range, with those beside them, as the registry of IANA has them. */
const V4: readonly [AddressKind, string, string][] = [
  ['unspecified', '0.0.0.0', '0.255.255.255'],
  ['private', '10.0.0.0', '10.255.255.255'],
  ['shared', '100.64.0.0', '100.127.255.255'],
  ['loopback', '127.0.0.0', '127.255.255.255'],
  ['link-local', '169.254.0.0', '169.254.255.255'],
  ['private', '172.16.0.0', '172.31.255.255'],
  ['reserved', '192.0.0.0', '192.0.0.255'],
  ['reserved', '192.0.2.0', '192.0.2.255'],
  ['reserved', '192.88.99.0', '192.88.99.255'],
  ['private', '192.168.0.0', '192.168.255.255'],
  ['reserved', '198.18.0.0', '198.19.255.255'],
  ['reserved', '198.51.100.0', '198.51.100.255'],
  ['reserved', '203.0.113.0', '203.0.113.255'],
  ['multicast', '224.0.0.0', '239.255.255.255'],
  ['reserved', '240.0.0.0', '255.255.255.255'],
  ['cloud metadata', '169.254.169.254', '169.254.169.254'],
  ['cloud metadata', '168.63.129.16', '168.63.129.16'],
]
const BESIDE: readonly string[] = `
  1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
  169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0
  192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255
  198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 168.63.129.15 168.63.129.17`
  .trim()
  .split(/\s+/)
const V6: readonly [AddressKind, string, string][] = [
  ['unspecified', '::', '::'],
  ['loopback', '::1', '::1'],
  ['reserved', '::2', '::fffe:ffff:ffff'],
  ['reserved', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['reserved', '100::', '100::ffff'],
  ['reserved', '2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['public', '2001:200::', '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['reserved', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['public', '2001:db9::', '2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['public', '2003::', '3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['reserved', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['public', '3fff:1000::', '3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['reserved', '4000::', 'fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['private', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['reserved', 'fe00::', 'fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['link-local', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['link-local', 'fe80::1%eth0', 'fe80::1%1'],
  ['private', 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['multicast', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['cloud metadata', 'fd00:ec2::254', 'fd20:ce::254'],
]

/** How IPv6 carries an address of IPv4. */
const CARRIED: readonly [string, (address: string) => string][] = [
  ['mapped', (address) => `::ffff:${address}`],
  ['mapped, in hexadecimal digits', (address) => `::ffff:${hexOf(address)}`],
  ['by NAT64', (address) => `64:ff9b::${address}`],
  ['by 6to4', (address) => `2002:${hexOf(address)}::1`],
]

function hexOf(address: string): string {
  const [a, b, c, d] = address.split('.').map(Number) as [number, number, number, number]
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

describe('an address', () => {
  it.each(V4)('is %s from %s to %s, and so is what carries it', (kind, first, last) => {
    for (const address of [first, last]) {
      const written = [address, ...CARRIED.map(([, carry]) => carry(address))]
      expect(written.map((text) => [text, kindOfAddress(text)])).toEqual(written.map((text) => [text, kind]))
    }
  })

  it.each(BESIDE)('%s is public, and so is what carries it', (address) => {
    const written = [address, ...CARRIED.map(([, carry]) => carry(address))]
    expect(written.map((text) => [text, kindOfAddress(text)])).toEqual(
      written.map((text) => [text, 'public']),
    )
  })

  it.each(V6)('is %s from %s to %s', (kind, first, last) => {
    expect([kindOfAddress(first), kindOfAddress(last)]).toEqual([kind, kind])
  })

  it.each(['', 'localhost', '127.1', '1.2.3.4.5', '::g'])('%j, which is none, is reserved', (text) => {
    expect(kindOfAddress(text)).toBe('reserved')
  })
})

it('a list has an address in whichever way it is written', () => {
  const list = blockListOf(['10.0.0.0/8', 'fd00::/8', '192.168.0.7/32'])
  expect(list).toBeInstanceOf(BlockList)
  const texts = [
    '10.1.2.3',
    '::ffff:10.1.2.3',
    'fd12::1',
    '192.168.0.7',
    '11.0.0.1',
    'fc00::1',
    '192.168.0.8',
    '',
  ]
  expect(texts.map((text) => isIn(list, text))).toEqual([true, true, true, true, false, false, false, false])
})
