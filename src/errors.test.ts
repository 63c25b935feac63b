import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import * as errors from './errors.ts'

const PAGE = join(import.meta.dirname, '../docs/reference/errors.md')
const SOURCE = join(import.meta.dirname, 'errors.ts')

it('lists every code and class on the page of errors, and nothing else', () => {
  const onPage = [...readFileSync(PAGE, 'utf8').matchAll(/^\| `([A-Z_]+)` +\| `(\w+)`/gm)].map(
    ([, code, name]) => `${code} ${name}`,
  )
  const source = readFileSync(SOURCE, 'utf8')
  const inCode = [...source.matchAll(/class (\w+) extends CarillonError \{\s+readonly code = '([A-Z_]+)'/g)]

  expect(onPage.toSorted()).toEqual(inCode.map(([, name, code]) => `${code} ${name}`).toSorted())
  expect(inCode).toHaveLength(Object.keys(errors).length - 1)
})

it('keeps the cause and names itself', () => {
  const cause = new Error('disk on fire')
  const error = new errors.DriverError('the database failed', { retryable: true, cause })

  expect(error).toMatchObject({ name: 'DriverError', code: 'DRIVER', retryable: true, cause })
  expect(error).toBeInstanceOf(errors.CarillonError)
})
