import { createRequire } from 'node:module'
import { isStar, type FieldItem } from './field.ts'
import { formatExpression } from './format-expression.ts'
import type { ParsedExpression } from './parse-expression.ts'

/** What we use of cronstrue. */
interface Cronstrue {
  toString(expression: string, options: Record<string, unknown>): string
  readonly locales: Readonly<Record<string, unknown>>
}

const require = createRequire(import.meta.url)

/**
 * An expression in plain words, with times as 24 hours.
 *
 * cronstrue has the words, in some forty languages; it is loaded when it is first asked. What it would read in another
 * way than we do is put in a way that it reads alike, or told as several sentences.
 *
 * @param locale a language tag such as `de` or `pt-BR`; a language that is not there is told in English
 */
export function describeExpression(parsed: ParsedExpression, locale: string): string {
  const { default: cronstrue } = require('cronstrue/i18n') as { default: Cronstrue }
  const options = {
    locale: localeOf(locale, Object.keys(cronstrue.locales)),
    use24HourTimeFormat: true,
    logicalAndDayFields: parsed.bothDays,
  }

  const sentences = alternatives(parsed).map((one) => cronstrue.toString(textFor(one), options))
  return [...new Set(sentences)].join('; ')
}

/** The expression as several ones that fire whenever it does, where one sentence would mislead. */
function alternatives(parsed: ParsedExpression): readonly ParsedExpression[] {
  const { dayOfMonth, dayOfWeek, bothDays } = parsed
  const star = [{ kind: 'every', from: 0, to: 0, step: 0 } as const]
  if (!bothDays && !isStar(dayOfMonth) && !isStar(dayOfWeek)) {
    const byMonth = { ...parsed, dayOfWeek: star }
    const byWeek = { ...parsed, dayOfMonth: star }
    if (isEvery(dayOfMonth)) return [byMonth]
    if (isEvery(dayOfWeek)) return [byWeek]
    if (dayOfMonth.some(isSpecial) || dayOfWeek.some(isSpecial))
      return [...alternatives(byMonth), ...alternatives(byWeek)]
  }

  const beforeLast = dayOfMonth.filter((item) => item.kind === 'last' && item.from > 0)
  if (dayOfMonth.length === 1 || beforeLast.length === 0) return [parsed]
  const others = dayOfMonth.filter((item) => !beforeLast.includes(item))
  const lists =
    others.length === 0 ? beforeLast.map((item) => [item]) : [others, ...beforeLast.map((item) => [item])]
  return lists.map((list) => ({ ...parsed, dayOfMonth: list }))
}

/** A restriction that restricts nothing. */
function isEvery(items: readonly FieldItem[]): boolean {
  return items.some(({ kind, step }) => kind === 'every' && step <= 1)
}

function isSpecial({ kind }: FieldItem): boolean {
  return kind === 'last' || kind === 'workday' || kind === 'nth'
}

/** The normal form, in cronstrue's spelling. */
function textFor(parsed: ParsedExpression): string {
  return formatExpression({ ...parsed, bothDays: false }).replaceAll('#L', 'L')
}

function localeOf(tag: string, known: readonly string[]): string {
  const name = tag.replaceAll('-', '_').toLowerCase()
  const [language = ''] = name.split('_')
  const exact = known.find((one) => one.toLowerCase() === name)
  return (
    exact ??
    known.find((one) => one === language) ??
    known.find((one) => one.startsWith(`${language}_`)) ??
    'en'
  )
}
