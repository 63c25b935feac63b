import { expect, it } from 'vitest'
import { faultOfAddress } from './address.ts'

it.each([
  ['http://localhost:3000/a?b#c', undefined],
  ['HTTPS://Example.com', undefined],
  ['example.com', 'begins with http:// or https://'],
  ['', 'begins with http:// or https://'],
  ['https://', 'begins with http:// or https://'],
  ['ftp://example.com', 'begins with http:// or https://'],
  ['file:///etc/passwd', 'begins with http:// or https://'],
  ['https://u@example.com', 'has no user and no password: give them in headers.Authorization'],
  ['https://:p@example.com', 'has no user and no password: give them in headers.Authorization'],
])('of %j the fault is: %s', (url, fault) => {
  expect(faultOfAddress(url)).toBe(fault)
})
