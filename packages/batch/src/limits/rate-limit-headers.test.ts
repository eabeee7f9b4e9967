import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRateLimitHeaders } from './rate-limit-headers.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')

describe('parseRateLimitHeaders', () => {
  it('reads what OpenAI sends', () => {
    const headers = new Headers({
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-limit-tokens': '150000',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-remaining-tokens': '149984',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-reset-tokens': '6m0s',
    })
    expect(parseRateLimitHeaders(headers)).toEqual({
      requests: { limit: 60, remaining: 59, resetAfterMs: 1_000 },
      tokens: { limit: 150_000, remaining: 149_984, resetAfterMs: 360_000 },
    })
  })

  it('reads what Anthropic sends', () => {
    const kinds = ['requests', 'tokens', 'input-tokens', 'output-tokens']
    const headers = kinds.flatMap((kind, at) => [
      [`anthropic-ratelimit-${kind}-limit`, String(1_000 * (at + 1))],
      [`anthropic-ratelimit-${kind}-remaining`, String(at)],
      [`anthropic-ratelimit-${kind}-reset`, `2026-11-22T12:00:0${at}Z`],
    ])
    expect(parseRateLimitHeaders(Object.fromEntries(headers) as Record<string, string>, NOW)).toEqual({
      requests: { limit: 1_000, remaining: 0, resetAfterMs: 0 },
      tokens: { limit: 2_000, remaining: 1, resetAfterMs: 1_000 },
      inputTokens: { limit: 3_000, remaining: 2, resetAfterMs: 2_000 },
      outputTokens: { limit: 4_000, remaining: 3, resetAfterMs: 3_000 },
    })
  })

  it('reads what OpenRouter sends: milliseconds since 1970, and no word about what is counted', () => {
    const headers = {
      'X-RateLimit-Limit': '20',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': String(NOW + 5_000),
    }
    expect(parseRateLimitHeaders(headers, NOW)).toEqual({
      requests: { limit: 20, remaining: 0, resetAfterMs: 5_000 },
    })
  })

  it.each([
    ['6m0s', 360_000],
    ['12ms', 12],
    ['1.5s', 1_500],
    ['1h2m3.5s', 3_723_500],
    ['2m59.56s', 179_560],
    ['864µs', 0.864],
    ['864Âµs', 0.864],
    ['500us', 0.5],
    ['1000ns', 0.001],
    ['0s', 0],
    [' 1s ', 1_000],
    ['33011.5', 33_011_500],
    ['0', 0],
    [String(NOW + 2_500), 2_500],
    [String(NOW / 1000 + 60), 60_000],
    [String(NOW - 1), 0],
    ['2026-11-22T12:00:01.5Z', 1_500],
    ['2026-11-22T13:00:00+00:30', 1_800_000],
    ['2026-11-22T11:00:00Z', 0],
  ])('takes the reset %s for %d ms', (reset, resetAfterMs) => {
    const { tokens } = parseRateLimitHeaders({ 'x-ratelimit-reset-tokens': reset }, NOW)
    expect(tokens?.resetAfterMs).toBeCloseTo(resetAfterMs, 6)
  })

  it.each([
    '',
    'soon',
    '-1s',
    '6m0',
    's',
    '1.2.3s',
    '1d',
    '2026-11-22',
    '2026-13-45T99:00:00Z',
    'NaN',
    '1e99',
    '1e3s',
    '9'.repeat(400),
  ])('ignores the reset "%s"', (reset) => {
    expect(parseRateLimitHeaders({ 'x-ratelimit-reset-tokens': reset }, NOW)).toEqual({})
  })

  it.each(['', '-1', 'unlimited', '100, 100', '1e3', 'Infinity', '0x10', '9'.repeat(30)])(
    'ignores the count "%s" and keeps what makes sense beside it',
    (count) => {
      const headers = { 'x-ratelimit-limit-requests': count, 'x-ratelimit-remaining-requests': '7' }
      expect(parseRateLimitHeaders(headers)).toEqual({ requests: { remaining: 7 } })
    },
  )

  it('compares a date with the clock of the provider, when the answer carries it', () => {
    const headers = {
      date: 'Thu, 01 Jan 2026 00:00:00 GMT',
      'anthropic-ratelimit-tokens-reset': '2026-01-01T00:00:30Z',
    }
    expect(parseRateLimitHeaders(headers)).toEqual({ tokens: { resetAfterMs: 30_000 } })
  })

  it('reads records in any case, lists, numbers, and anything with get', () => {
    const record = { 'X-RATELIMIT-LIMIT-REQUESTS': ['60', '70'], 'x-ratelimit-remaining-requests': undefined }
    expect(parseRateLimitHeaders(record)).toEqual({ requests: { limit: 60 } })
    expect(parseRateLimitHeaders({ 'x-ratelimit-limit-tokens': 5 } as never)).toEqual({
      tokens: { limit: 5 },
    })
    const reader = { get: (name: string) => (name === 'x-ratelimit-limit' ? '9' : null) }
    expect(parseRateLimitHeaders(reader)).toEqual({ requests: { limit: 9 } })
  })

  it('says nothing when the headers say nothing', () => {
    expect(parseRateLimitHeaders(new Headers({ 'content-type': 'application/json' }))).toEqual({})
    expect(parseRateLimitHeaders({})).toEqual({})
  })

  it('never throws and gives finite numbers of at least 0, whatever it reads', () => {
    const name = fc.constantFrom(
      'x-ratelimit-reset-tokens',
      'x-ratelimit-limit-tokens',
      'x-ratelimit-remaining-tokens',
    )
    const part = fc.constantFrom(
      '1',
      '9',
      '.',
      'm',
      's',
      'h',
      'ms',
      'µ',
      '-',
      ':',
      'T',
      'Z',
      '2026-01-01',
      ' ',
      'e',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(fc.dictionary(name, text), (headers) => {
        for (const value of Object.values(parseRateLimitHeaders(headers, NOW).tokens ?? {}) as unknown[]) {
          expect(value).toSatisfy((number) => Number.isFinite(number) && (number as number) >= 0)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
