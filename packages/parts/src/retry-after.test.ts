import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRetryAfter } from './retry-after.ts'

const now = Date.parse('2026-11-22T12:00:00Z')

describe('parseRetryAfter', () => {
  it.each<
    [why: string, headers: Record<string, string | string[] | undefined>, expected: number | undefined]
  >([
    ['milliseconds', { 'retry-after-ms': '20' }, 20],
    ['fractions of milliseconds', { 'retry-after-ms': '12.5' }, 12.5],
    ['the milliseconds of Azure', { 'x-ms-retry-after-ms': '250' }, 250],
    ['seconds', { 'retry-after': '2' }, 2_000],
    ['fractions of seconds', { 'retry-after': ' 0.5 ' }, 500],
    ['zero', { 'retry-after': '0' }, 0],
    ['three days', { 'retry-after': '277403' }, 277_403_000],
    ['a date', { 'retry-after': 'Sun, 22 Nov 2026 12:01:00 GMT' }, 60_000],
    ['a date in the format of RFC 850', { 'retry-after': 'Sunday, 22-Nov-26 12:01:00 GMT' }, 60_000],
    ['a date in the format of asctime', { 'retry-after': 'Sun Nov 22 12:01:00 2026' }, 60_000],
    ['a date that has passed', { 'retry-after': 'Sun, 22 Nov 2020 12:00:00 GMT' }, 0],
    ['the finest unit first', { 'retry-after': '9', 'x-ms-retry-after-ms': '8', 'retry-after-ms': '7' }, 7],
    ['the next one if the first is invalid', { 'retry-after': '9', 'retry-after-ms': 'NaN' }, 9_000],
    ['headers in any case', { 'Retry-After': '3' }, 3_000],
    ['a header that was sent twice', { 'retry-after': '2, 2' }, 2_000],
    ['the longest wait of a header that was sent twice', { 'retry-after': '2, 5' }, 5_000],
    ['milliseconds that were sent twice', { 'retry-after-ms': '20,30' }, 30],
    ['two dates', { 'retry-after': 'Sun, 22 Nov 2026 12:00:30 GMT, Sun, 22 Nov 2026 12:01:00 GMT' }, 60_000],
    ['the first of several', { 'retry-after': ['4', '5'] }, 4_000],
    ['nothing without a header', {}, undefined],
    ['nothing from empty values', { 'retry-after': undefined, 'retry-after-ms': '' }, undefined],
  ])('reads %s', (_why, headers, expected) => {
    expect(parseRetryAfter(headers, now)).toBe(expected)
  })

  it.each([
    'soon',
    '-1',
    '1e3',
    '0x10',
    'Infinity',
    'in 5 minutes',
    'value 12',
    'Sun',
    '5 s',
    ',',
    '2, soon',
  ])('ignores the invalid value %j', (value) => {
    expect(parseRetryAfter({ 'retry-after': value, 'retry-after-ms': value }, now)).toBe(undefined)
  })

  it('reads Headers, and anything with get', () => {
    expect(parseRetryAfter(new Headers({ 'Retry-After-Ms': '20' }))).toBe(20)
    expect(parseRetryAfter(new Map([['retry-after', '2']]))).toBe(2_000)
  })

  it('compares a date with the wall clock by default', () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toUTCString()
    expect(parseRetryAfter({ 'retry-after': inAnHour })).toBeGreaterThan(3_590_000)
  })

  it('returns undefined or a finite number of at least 0 for any value', () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[A-Za-z]{3,9},? ?[\d:. -]*(GMT)?$/),
      fc.stringMatching(/^\d*\.?\d*$/),
    )
    fc.assert(
      fc.property(text, (value) => {
        const waitMs = parseRetryAfter({ 'retry-after': value }, now)
        if (waitMs !== undefined) expect(Number.isFinite(waitMs) && waitMs >= 0).toBe(true)
      }),
    )
    expect(parseRetryAfter({ 'retry-after': '9'.repeat(400) })).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('reads back any date that was written as an HTTP date', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (seconds) => {
        const date = new Date(now + seconds * 1_000).toUTCString()
        expect(parseRetryAfter({ 'retry-after': date }, now)).toBe(seconds * 1_000)
      }),
    )
  })
})
