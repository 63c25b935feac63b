import { hash } from 'node:crypto'
import type { Terms } from '../schedule/terms.ts'

/** Terms as they are stored: the text with the schedule, what stands for it with the cursor. */
export interface StoredTerms {
  /** JSON, which `parseTerms` reads. */
  readonly text: string
  readonly key: string
}

/** 160 bits of a digest, in base64url: nobody finds other terms that have the same. */
const KEY_LENGTH = 27

export function storedTerms(terms: Terms): StoredTerms {
  const text = JSON.stringify(terms)
  return { text, key: termsKey(text) }
}

export function termsKey(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, KEY_LENGTH)
}
