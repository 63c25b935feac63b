/** What is wrong with an address to send requests to, as in `begins with http:// or https://`; `undefined` if nothing. */
export function faultOfAddress(url: string): string | undefined {
  const address = URL.parse(url)
  if (address === null || !['http:', 'https:'].includes(address.protocol))
    return 'begins with http:// or https://'
  if (address.username !== '' || address.password !== '')
    return 'has no user and no password: give them in headers.Authorization'
  return undefined
}
