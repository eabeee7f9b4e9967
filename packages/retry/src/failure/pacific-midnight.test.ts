import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { msUntilPacificMidnight } from './pacific-midnight.ts'

const HOUR_MS = 3_600_000

describe('msUntilPacificMidnight', () => {
  it.each([
    ['in winter, at UTC-8', '2026-01-15T12:00:00Z', '2026-01-16T08:00:00Z'],
    ['in summer, at UTC-7', '2026-07-15T12:00:00Z', '2026-07-16T07:00:00Z'],
    ['just before midnight', '2026-07-15T06:59:59.250Z', '2026-07-15T07:00:00Z'],
    ['at midnight', '2026-07-15T07:00:00Z', '2026-07-16T07:00:00Z'],
    ['before the clocks go forward', '2026-03-08T09:30:00Z', '2026-03-09T07:00:00Z'],
    ['after the clocks went forward', '2026-03-08T12:00:00Z', '2026-03-09T07:00:00Z'],
    ['on the evening before the clocks go forward', '2026-03-08T05:00:00Z', '2026-03-08T08:00:00Z'],
    ['before the clocks go back', '2026-11-01T08:00:00Z', '2026-11-02T08:00:00Z'],
    ['in the hour that comes twice', '2026-11-01T09:30:00Z', '2026-11-02T08:00:00Z'],
    ['after the clocks went back', '2026-11-01T18:00:00Z', '2026-11-02T08:00:00Z'],
    ['at the end of a year', '2026-12-31T23:00:00Z', '2027-01-01T08:00:00Z'],
  ])('is right %s', (_, now, midnight) => {
    expect(msUntilPacificMidnight(Date.parse(now))).toBe(Date.parse(midnight) - Date.parse(now))
  })

  it('ends at a moment that is midnight in California, within 25 hours', () => {
    const clock = new Intl.DateTimeFormat('en-US', {
      timeZone: 'America/Los_Angeles',
      timeStyle: 'medium',
      hourCycle: 'h23',
    })
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 0, 1) }), (now) => {
        const left = msUntilPacificMidnight(now)
        expect(left).toBeGreaterThan(0)
        expect(left).toBeLessThanOrEqual(25 * HOUR_MS)
        expect(clock.format(now + left)).toBe('00:00:00')
      }),
    )
  })
})
