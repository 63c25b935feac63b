import type { FieldItem } from './field.ts'

/** The values of a field from `base` to `base + 31`, as bits; days that depend on the month are left out. */
export function fieldMask(items: readonly FieldItem[], base: number): number {
  let mask = 0
  for (const { kind, from, to, step } of items) {
    if (kind === 'last' || kind === 'workday' || kind === 'nth' || to < base || from > base + 31) continue

    const end = to - base < 31 ? to - base : 31
    if (step <= 1) {
      const start = from > base ? from - base : 0
      mask |= (-1 << start) & (-1 >>> (31 - end))
      continue
    }
    // Counted from the item's own beginning, so that a step keeps its phase from word to word.
    const skipped = from < base ? Math.ceil((base - from) / step) : 0
    for (let bit = from + skipped * step - base; bit <= end; bit += step) mask |= 1 << bit
  }
  return mask
}
