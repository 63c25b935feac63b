import { describe, expect, it } from 'vitest'
import { ConfigError } from '../errors.ts'
import { AllowList } from './allow-list.ts'

/** What the list says to a URL: nothing, or its reason. */
function told(allow: string | string[], url: string, ...addresses: string[]): string | undefined {
  const list = new AllowList(allow)
  const parsed = new URL(url)
  return (
    list.faultOfUrl(parsed) ?? (addresses.length === 0 ? undefined : list.faultOfAddresses(parsed, addresses))
  )
}

const NOT_LISTED = /^requests may not go to \S+: allow lists no such host with this protocol and port$/
const notPublic = (kind: string) =>
  new RegExp(`leads to an address that is not public \\(${kind}\\), and that allow`)

describe('a host', () => {
  it.each<[string | string[], string]>([
    ['public', 'https://anything.example'],
    [['public'], 'https://anything.example/'],
    ['public', 'https://8.8.8.8'],
    ['public:8443', 'https://anything.example:8443'],
    ['public:*', 'https://anything.example:1'],
    ['http://public', 'http://anything.example'],
    [['api.example.com'], 'https://api.example.com/a?b'],
    [['api.example.com'], 'https://API.example.com.:443'],
    [['API.Example.com.'], 'https://api.example.com'],
    [['bücher.example'], 'https://xn--bcher-kva.example'],
    [['https://api.example.com:443'], 'https://api.example.com'],
    [['api.example.com:0443'], 'https://api.example.com'],
    [['HTTP://api.example.com'], 'http://api.example.com'],
    [['http://api.example.com:8080'], 'http://api.example.com:8080'],
    [['api.example.com:*'], 'https://api.example.com:1'],
    [['other.example', 'api.example.com'], 'https://api.example.com'],
    [['*.example.org'], 'https://a.example.org'],
    [['*.example.org'], 'https://a.b.example.org'],
    [['10.0.0.7'], 'https://10.0.0.7'],
    [['10.0.0.7'], 'https://0x0a.7'],
    [['10.0.0.7'], 'https://[::ffff:10.0.0.7]'],
    [['http://10.0.0.0/8:8080'], 'http://10.1.2.3:8080'],
    [['fd00::/8'], 'https://[fd12::1]'],
    [['[fd00::]/8:*'], 'https://[fd12::1]:99'],
    [['http://[::1]:3000'], 'http://[::1]:3000'],
    [['::1'], 'https://[::1]'],
    [['0.0.0.0/0'], 'https://127.0.0.1'],
  ])('is listed by %j: %s', (allow, url) => {
    expect(told(allow, url)).toBeUndefined()
  })

  it.each<[string | string[], string]>([
    ['public', 'http://anything.example'],
    ['public', 'https://anything.example:8443'],
    ['public:8443', 'https://anything.example'],
    ['http://public', 'https://anything.example'],
    [['api.example.com'], 'http://api.example.com'],
    [['api.example.com'], 'http://api.example.com:443'],
    [['api.example.com'], 'https://api.example.com:80'],
    [['api.example.com'], 'https://example.com'],
    [['api.example.com'], 'https://x.api.example.com'],
    [['api.example.com'], 'https://api.example.com.evil.example'],
    [['api.example.com'], 'https://apixexample.com'],
    [['api.example.com'], 'https://93.184.216.34'],
    [['http://api.example.com'], 'https://api.example.com'],
    [['*.example.org'], 'https://example.org'],
    [['*.example.org'], 'https://evilexample.org'],
    [['*.example.org'], 'https://a.example.org.evil.example'],
    [['*.example.org'], 'http://a.example.org'],
    [['10.0.0.7'], 'https://10.0.0.8'],
    [['10.0.0.7'], 'https://jobs.internal'],
    [['10.0.0.0/8:8080'], 'https://10.0.0.7'],
    [['10.0.0.0/16'], 'https://10.1.0.0'],
    [['fd00::/8'], 'https://[fe00::1]'],
    [['localhost:3000'], 'https://localhost:3001'],
  ])('is not listed by %j: %s', (allow, url) => {
    expect(told(allow, url)).toMatch(NOT_LISTED)
  })

  it('that is refused is named with its protocol and port, and nothing of the path', () => {
    const text = told(['api.example.com'], 'https://evil.example:8443/secret?token=x')
    expect(text).toContain('requests may not go to https://evil.example:8443:')
    expect(text).not.toMatch(/secret|token/)
  })

  it.each([
    ['https://127.0.0.1', 'loopback'],
    ['https://2130706433', 'loopback'],
    ['https://0177.0.0.1', 'loopback'],
    ['https://0x7f.1', 'loopback'],
    ['https://127.1', 'loopback'],
    ['https://①②⑦.0.0.1', 'loopback'],
    ['https://127.0.0.1.', 'loopback'],
    ['https://[::1]', 'loopback'],
    ['https://[::ffff:127.0.0.1]', 'loopback'],
    ['https://[::ffff:7f00:1]', 'loopback'],
    ['https://[64:ff9b::127.0.0.1]', 'loopback'],
    ['https://[2002:7f00:1::]', 'loopback'],
    ['https://0', 'unspecified'],
    ['https://[::]', 'unspecified'],
    ['https://169.254.169.254', 'cloud metadata'],
    ['https://2852039166', 'cloud metadata'],
    ['https://[::ffff:a9fe:a9fe]', 'cloud metadata'],
    ['https://192.168.1.1', 'private'],
    ['https://100.100.100.200', 'shared'],
  ])('that is an address is judged at once, however it is written: %s', (url, kind) => {
    expect(told('public', url)).toMatch(notPublic(kind))
  })
})

describe('the addresses of a host', () => {
  it.each<[string, string | string[], string, string[]]>([
    ['are public', 'public', 'https://a.example', ['93.184.216.34', '2606:4700::1']],
    ['are public', ['a.example'], 'https://a.example', ['93.184.216.34']],
    ['are listed', ['a.example', '10.0.0.7'], 'https://a.example', ['10.0.0.7']],
    ['are listed', ['*.example', '10.0.0.0/8'], 'https://a.example', ['10.0.0.7', '93.184.216.34']],
    ['are listed', ['public', '10.0.0.7'], 'https://a.example', ['::ffff:10.0.0.7']],
    ['are listed', ['http://a.example:80', 'http://10.0.0.7'], 'http://a.example', ['10.0.0.7']],
    ['are the machine itself', ['http://localhost:3000'], 'http://localhost:3000', ['::1', '127.0.0.1']],
    [
      'are the machine itself',
      ['api.example.com', 'localhost', 'public'],
      'https://localhost',
      ['127.0.0.1'],
    ],
    ['are the machine itself', ['localhost'], 'https://LOCALHOST.', ['127.0.0.1']],
    ['are the machine itself', ['a.localhost'], 'https://a.localhost', ['::1']],
    ['are the machine itself', ['*.localhost'], 'https://a.localhost', ['127.0.0.1']],
  ])('%s, by %j: %s leads to %j', (_, allow, url, addresses) => {
    expect(told(allow, url, ...addresses)).toBeUndefined()
  })

  it.each<[string, string | string[], string, string[]]>([
    ['loopback', 'public', 'https://a.example', ['127.0.0.1']],
    ['loopback', ['a.example'], 'https://a.example', ['127.0.0.1']],
    ['cloud metadata', ['*.example'], 'https://a.example', ['169.254.169.254']],
    ['private', 'public', 'https://a.example', ['93.184.216.34', '10.0.0.7']],
    ['private', ['a.example', '10.0.0.8'], 'https://a.example', ['10.0.0.7']],
    ['private', ['a.example', '10.0.0.0/8:8080'], 'https://a.example', ['10.0.0.7']],
    ['private', ['a.example', 'http://10.0.0.0/8'], 'https://a.example', ['10.0.0.7']],
    ['private', ['a.example', '10.0.0.0/8'], 'https://a.example', ['10.0.0.7', '192.168.0.1']],
    ['private', ['a.example', '10.0.0.0/8'], 'https://a.example', ['64:ff9b::10.0.0.7']],
    ['loopback', 'public', 'https://localhost', ['127.0.0.1']],
    ['loopback', ['public', 'localhost:3000'], 'https://localhost', ['127.0.0.1']],
    ['loopback', ['public', '*.localhost'], 'https://localhost', ['127.0.0.1']],
    ['loopback', ['notlocalhost'], 'https://notlocalhost', ['127.0.0.1']],
    ['private', ['localhost'], 'https://localhost', ['10.0.0.7']],
    ['reserved', 'public', 'https://a.example', ['nonsense']],
  ])('are refused as %s by %j: %s leads to %j', (kind, allow, url, addresses) => {
    expect(told(allow, url, ...addresses)).toMatch(notPublic(kind))
  })

  it('are not told to those who may not know them', () => {
    const text = told(['jobs.internal'], 'https://jobs.internal/secret', '10.0.0.7')
    expect(text).toBe(
      'https://jobs.internal leads to an address that is not public (private), and that allow does not list',
    )
  })

  it('are not none', () => {
    const fault = new AllowList('public').faultOfAddresses(new URL('https://a.example/x'), [])
    expect(fault).toBe('https://a.example leads to no address')
  })
})

describe('a list', () => {
  it.each<unknown>([
    undefined,
    null,
    7,
    '',
    '*',
    'https://',
    'https://*',
    'ftp://example.com',
    'https://example.com/path',
    'example.com/',
    'example.com/8',
    'user@example.com',
    'a b.example',
    'example.com?x',
    'example.com#x',
    'a*.example.com',
    'a.*.example.com',
    '*.10.0.0.7',
    '10.0.0.0/33',
    'fd00::/129',
    '[fd00::/8]',
    'fd00::/8:443x',
    '1.2.3.4.5',
    '[::g]',
    'example.com:0',
    'example.com:65536',
    'example.com:x',
    'example.com:',
    '%',
  ])('does not have the entry %j', (entry) => {
    const make = () => new AllowList(['api.example.com', entry as string])
    expect(make).toThrow(ConfigError)
    expect(make).toThrow(
      `allow has the entry ${JSON.stringify(entry)}, which is none of these: "public", "api.`,
    )
  })

  it.each(['example.com:1', 'example.com:65535', '0.0.0.0/0', '10.0.0.7/32', '::/0', '::1/128', 'public'])(
    'may have the entry %j',
    (entry) => {
      expect(() => new AllowList([entry])).not.toThrow()
    },
  )

  it('has an entry', () => {
    expect(() => new AllowList([])).toThrow(ConfigError)
    expect(() => new AllowList([])).toThrow('allow is empty')
    expect(() => new AllowList(undefined as unknown as string)).toThrow(ConfigError)
  })
})
