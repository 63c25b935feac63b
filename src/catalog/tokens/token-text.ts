import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'

/** A token as it is presented, taken apart. */
export interface TokenParts {
  readonly id: string
  readonly secret: string
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_LENGTH = 12
const SECRET_BYTES = 32
const ID = /^[0-9A-Za-z]{12}$/
const TEXT = /^crn_(?<id>[0-9A-Za-z]{12})_(?<secret>[\w-]{43})$/

/** What is compared with where there is no token: nothing that anybody could present has it for a hash. */
const NOBODYS = Buffer.alloc(SECRET_BYTES)

/** A name for a token, which is no secret: 12 letters and digits, 71 bits at random. */
export function newTokenId(): string {
  return Array.from({ length: ID_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}

/** Whether the text has the form of an id. */
export function isTokenId(text: string): boolean {
  return ID.test(text)
}

/** 256 bits at random, as 43 characters of base64url. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

/** The token as whoever is to use it gets it. */
export function tokenText({ id, secret }: TokenParts): string {
  return `crn_${id}_${secret}`
}

/** The parts of a token; `undefined` when the text has not the form of one. */
export function parseToken(text: string): TokenParts | undefined {
  const { id, secret } = TEXT.exec(text)?.groups ?? {}
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** The text with the secrets of whole tokens left out, for messages that repeat what somebody typed. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(/(crn_[0-9A-Za-z]{12}_)[\w-]{43}/g, '$1…')
}

/**
 * What is stored of a secret, in base64url. A plain SHA-256 does: what makes passwords need salt and a slow hash is that
 * they can be guessed, and a secret of 256 bits at random cannot.
 */
export function hashOf(secret: string): string {
  return digestOf(secret).toString('base64url')
}

/** Whether this is the secret with that hash; takes as long whatever the answer is, also when there is no hash. */
export function isSecretOf(secret: string, hash: string | undefined): boolean {
  const given = digestOf(secret)
  const stored = Buffer.from(hash ?? '', 'base64url')
  const isThere = stored.length === given.length
  return timingSafeEqual(given, isThere ? stored : NOBODYS) && isThere
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
