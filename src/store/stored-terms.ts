import { hash } from 'node:crypto'
import type { Definition } from '../schedule/definition.ts'
import type { ScheduleIdentity } from '../schedule/schedule-identity.ts'
import { termsOf } from '../schedule/terms.ts'

/** Terms as they are stored: the text with the schedule, what stands for it with the cursor. */
export interface StoredTerms {
  /** JSON, which `parseTerms` reads. */
  readonly text: string
  readonly key: string
}

/** 160 bits of a digest, in base64url: nobody finds other terms that have the same. */
const KEY_LENGTH = 27

/** The terms of a definition. */
export function storedTerms(definition: Definition, identity: ScheduleIdentity): StoredTerms {
  const text = JSON.stringify(termsOf(definition, identity))
  return { text, key: termsKey(text) }
}

export function termsKey(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, KEY_LENGTH)
}
