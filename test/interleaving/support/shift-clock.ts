/**
 * Sets the clock of this process wrong, by `CARILLON_TEST_SHIFT_MS`: `node --import ./shift-clock.ts program.ts`. As on a
 * machine whose clock is wrong all the time, timers go as they should.
 */
const shiftMs = Number(process.env['CARILLON_TEST_SHIFT_MS'] ?? 0)
const RightDate = Date

globalThis.Date = class extends RightDate {
  constructor(...parts: [] | ConstructorParameters<typeof RightDate>) {
    super(...((parts.length === 0 ? [RightDate.now() + shiftMs] : parts) as [number]))
  }

  static override now(): number {
    return RightDate.now() + shiftMs
  }
} as DateConstructor

/** What time it really is. */
export function rightNow(): number {
  return RightDate.now()
}
