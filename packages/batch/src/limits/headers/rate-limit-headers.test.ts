import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRateLimitHeaders } from './rate-limit-headers.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')

describe('parseRateLimitHeaders', () => {
  it('reads the headers of OpenAI', () => {
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

  it('reads the headers of Anthropic', () => {
    const kinds = ['requests', 'tokens', 'input-tokens', 'output-tokens']
    const headers = kinds.flatMap((kind, at) => [
      [`anthropic-ratelimit-${kind}-limit`, String(1_000 * (at + 1))],
      [`anthropic-ratelimit-${kind}-remaining`, String(at)],
      [`anthropic-ratelimit-${kind}-reset`, `2026-11-22T12:00:0${at}Z`],
    ])
    expect(parseRateLimitHeaders(Object.fromEntries(headers) as Record<string, string>, NOW)).toEqual({
      requests: { limit: 1_000, remaining: 0, resetAfterMs: 0 },
      inputTokens: { limit: 3_000, remaining: 2, resetAfterMs: 2_000 },
      outputTokens: { limit: 4_000, remaining: 3, resetAfterMs: 3_000 },
    })
  })

  it("reads Anthropic's limit of all tokens only if it is the only one: else it repeats another one", () => {
    const headers = {
      'anthropic-ratelimit-tokens-limit': '8000',
      'anthropic-ratelimit-tokens-remaining': '7000',
    }
    expect(parseRateLimitHeaders(headers, NOW)).toEqual({ tokens: { limit: 8_000, remaining: 7_000 } })
    expect(
      parseRateLimitHeaders({ ...headers, 'anthropic-ratelimit-output-tokens-limit': '8000' }, NOW),
    ).toEqual({
      outputTokens: { limit: 8_000 },
    })
  })

  it('reads the headers of OpenRouter: milliseconds since 1970, and no word for what is counted', () => {
    const headers = {
      'X-RateLimit-Limit': '20',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': String(NOW + 5_000),
    }
    expect(parseRateLimitHeaders(headers, NOW)).toEqual({
      requests: { limit: 20, remaining: 0, resetAfterMs: 5_000, unknownWindow: true },
    })
  })

  const plain = { limit: 10, remaining: 9, resetAfterMs: 1_000 }
  it.each<[string, Record<string, string>, object]>([
    [
      'policies beside the limit that is nearest',
      {
        'x-ratelimit-limit': '10, 10;w=1, 1000;w=3600',
        'x-ratelimit-remaining': '9',
        'x-ratelimit-reset': '1',
      },
      {
        requests: { ...plain, windowMs: 1_000 },
        requestsPerDay: { limit: 1_000, windowMs: 3_600_000 },
      },
    ],
    [
      'the IETF draft, version 7',
      { 'ratelimit-policy': '10;w=1', ratelimit: 'limit=10, remaining=9, reset=1' },
      { requests: { ...plain, windowMs: 1_000 } },
    ],
    [
      'the IETF draft, newer versions',
      { 'ratelimit-policy': '"a, b";q=10;w=1, "day";q=99;w=86400', ratelimit: '"day";r=98;t=60' },
      {
        requests: { limit: 10, windowMs: 1_000 },
        requestsPerDay: { limit: 99, remaining: 98, resetAfterMs: 60_000, windowMs: 86_400_000 },
      },
    ],
    [
      'a policy of tokens',
      { 'ratelimit-policy': '"t";q=1000;w=60;qu="tokens"' },
      { tokens: { limit: 1_000, windowMs: 60_000 } },
    ],
    ['a policy of bytes', { 'ratelimit-policy': '"t";q=1000;w=60;qu="content-bytes"' }, {}],
    [
      'a draft without a policy',
      { ratelimit: '"default";r=50;t=30' },
      { requests: { remaining: 50, resetAfterMs: 30_000, unknownWindow: true } },
    ],
    [
      'windows in the names, the slowest of those up to a minute',
      {
        'x-ratelimit-limit-second': '5',
        'x-ratelimit-limit-minute': '100',
        'x-ratelimit-remaining-minute': '99',
        'x-ratelimit-limit-day': '10000',
        'ratelimit-limit': '100',
        'ratelimit-reset': '23',
      },
      {
        requests: { limit: 100, remaining: 99, windowMs: 60_000 },
        requestsPerDay: { limit: 10_000, windowMs: 86_400_000 },
      },
    ],
    [
      'what Mistral sends',
      {
        'x-ratelimit-limit-req-minute': '60',
        'x-ratelimit-remaining-req-minute': '58',
        'x-ratelimit-limit-tokens-minute': '500000',
        'x-ratelimit-limit-tokens-month': '1',
      },
      {
        requests: { limit: 60, remaining: 58, windowMs: 60_000 },
        tokens: { limit: 500_000, windowMs: 60_000 },
      },
    ],
    [
      'what Cerebras sends',
      {
        'x-ratelimit-limit-requests-day': '14400',
        'x-ratelimit-reset-requests-day': '33011.382867',
        'x-ratelimit-remaining-tokens-minute': '59000',
      },
      {
        requestsPerDay: { limit: 14_400, resetAfterMs: 33_011_382.867, windowMs: 86_400_000 },
        tokens: { remaining: 59_000, windowMs: 60_000 },
      },
    ],
    [
      'what Fireworks sends',
      { 'x-ratelimit-limit-tokens-prompt': '600', 'x-ratelimit-limit-tokens-generated': '60' },
      { inputTokens: { limit: 600 }, outputTokens: { limit: 60 } },
    ],
    [
      'another spelling, a date as in HTTP',
      {
        'X-Rate-Limit-Limit': '10',
        'X-Rate-Limit-Remaining': '9',
        'X-Rate-Limit-Reset': 'Sun, 22 Nov 2026 12:00:01 GMT',
      },
      { requests: { ...plain, unknownWindow: true } },
    ],
    [
      'nothing from names with another word: they may count something else',
      {
        'x-ratelimit-limit-images': '5',
        'x-ratelimit-limit-project-tokens': '1',
        'x-ratelimit-limit-constructor': '1',
        'x-ratelimit-used': '7',
        'x-ratelimit-resource': 'core',
      },
      {},
    ],
  ])('reads %s', (_, headers, expected) => {
    expect(parseRateLimitHeaders(headers, NOW)).toEqual(expected)
    expect(parseRateLimitHeaders(new Headers(headers), NOW)).toEqual(expected)
  })

  it('ignores a reset that is more than a month away', () => {
    for (const reset of ['999999999', '9999999h', String((NOW / 1_000) * 2), '2126-11-22T12:00:00Z']) {
      expect(parseRateLimitHeaders({ 'x-ratelimit-reset-tokens': reset }, NOW)).toEqual({})
    }
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
  ])('reads the reset %s as %d ms', (reset, resetAfterMs) => {
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
    'ignores the count "%s" and keeps the valid ones beside it',
    (count) => {
      const headers = { 'x-ratelimit-limit-requests': count, 'x-ratelimit-remaining-requests': '7' }
      expect(parseRateLimitHeaders(headers)).toEqual({ requests: { remaining: 7 } })
    },
  )

  it('compares dates with the clock of the provider, if the answer has a date header', () => {
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
    expect(parseRateLimitHeaders(reader)).toEqual({ requests: { limit: 9, unknownWindow: true } })
  })

  it('returns nothing for headers without limits', () => {
    expect(parseRateLimitHeaders(new Headers({ 'content-type': 'application/json' }))).toEqual({})
    expect(parseRateLimitHeaders({})).toEqual({})
  })

  it('never throws and returns finite numbers of at least 0, whatever it reads', () => {
    const name = fc.constantFrom(
      'x-ratelimit-reset-tokens',
      'x-ratelimit-limit-tokens',
      'x-ratelimit-remaining-second',
      'x-ratelimit-limit',
      'ratelimit',
      'ratelimit-policy',
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
      ';w=1',
      ';q=',
      ',',
      '"',
      '=',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(fc.dictionary(name, text), (headers) => {
        for (const observed of Object.values(parseRateLimitHeaders(headers, NOW)) as object[]) {
          for (const value of Object.values(observed) as unknown[])
            expect(value === true || (Number.isFinite(value) && (value as number) >= 0)).toBe(true)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
