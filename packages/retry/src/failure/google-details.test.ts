import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readGoogleDetails } from './google-details.ts'

const NOW = Date.parse('2026-07-15T12:00:00Z')
const UNTIL_MIDNIGHT_MS = 19 * 3_600_000

const retryIn = (retryDelay: unknown) => ({
  '@type': 'type.googleapis.com/google.rpc.RetryInfo',
  retryDelay,
})
const exceeded = (...quotaIds: string[]) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: quotaIds.map((quotaId) => ({
    quotaMetric: 'generativelanguage.googleapis.com/requests',
    quotaId,
  })),
})
const info = (reason: string, metadata: Record<string, string> = {}) => ({
  reason,
  domain: 'googleapis.com',
  metadata,
})
const read = (...details: unknown[]) => readGoogleDetails(details, NOW)

describe('the details of an error of a Google API', () => {
  it.each<[string, unknown, number | undefined]>([
    ['whole seconds', '36s', 36_000],
    ['a fraction', '34.4s', 34_400],
    ['nanoseconds, rounded up', '1.000000001s', 1_001],
    ['hours', '5h59m59.5s', 21_599_500],
    ['fields', { seconds: '7', nanos: 500_000_000 }, 7_500],
    ['no unit', '36', undefined],
    ['a negative number', '-3s', undefined],
    ['more than a year', '99999999999s', undefined],
    ['words', 'soon', undefined],
    ['nothing', undefined, undefined],
  ])('name a wait as %s', (_, retryDelay, ms) => {
    expect(read(retryIn(retryDelay))).toMatchObject({ kind: undefined, retryAfterMs: ms })
  })

  it.each<[string, unknown]>([
    ['a quota per day', exceeded('GenerateRequestsPerDayPerProjectPerModel-FreeTier')],
    [
      'a quota per day among others',
      exceeded('GenerateRequestsPerMinutePerProjectPerModel', 'TokensPerModelPerDay'),
    ],
    ['a daily limit in ErrorInfo', info('RATE_LIMIT_EXCEEDED', { quota_limit: 'Gemini25ProRequestsPerDay' })],
    ['a daily unit', info('RATE_LIMIT_EXCEEDED', { quota_unit: '1/d/{project}' })],
    ['a daily limit in words', info('RATE_LIMIT_EXCEEDED', { quota_limit: 'requests_per_day' })],
  ])('make a used-up quota of %s, until midnight in California, whatever RetryInfo says', (_, detail) => {
    expect(read(detail, retryIn('36s'))).toMatchObject({ kind: 'quota', retryAfterMs: UNTIL_MIDNIGHT_MS })
  })

  it.each(['RequestsPerMonth', 'TokensPerWeekPerProject', 'requests_per_year'])(
    'make a used-up quota of %s, without an end of their own',
    (quotaId) => {
      expect(read(exceeded(quotaId))).toMatchObject({ kind: 'quota', retryAfterMs: undefined })
    },
  )

  it.each([
    'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
    'InputTokensPerModelPerMinute',
    'RequestsPerHour',
    'New',
  ])('leave %s a rate limit', (quotaId) => {
    expect(read(exceeded(quotaId), retryIn('36s'))).toMatchObject({ kind: undefined, retryAfterMs: 36_000 })
  })

  it('name the end of a used-up quota themselves', () => {
    const detail = info('QUOTA_EXHAUSTED', { quotaResetDelay: '5h59m59.960323804s' })
    expect(read(detail)).toMatchObject({ kind: 'quota', retryAfterMs: 21_599_961 })
    expect(read(info('QUOTA_EXHAUSTED'), retryIn('90s'))).toMatchObject({
      kind: 'quota',
      retryAfterMs: 90_000,
    })
  })

  it('distinguish a model without capacity from a quota', () => {
    expect(read(info('MODEL_CAPACITY_EXHAUSTED'))).toMatchObject({ kind: 'overloaded' })
  })

  it('list the reasons', () => {
    expect(read(info('API_KEY_INVALID'))).toMatchObject({ kind: undefined, reasons: ['API_KEY_INVALID'] })
  })

  it('may be anything', () => {
    expect(readGoogleDetails(undefined)).toBeUndefined()
    expect(readGoogleDetails('PerDay')).toBeUndefined()
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (details) => {
        const { retryAfterMs = 0 } = readGoogleDetails(details, NOW) ?? {}
        expect(Number.isSafeInteger(retryAfterMs) && retryAfterMs >= 0).toBe(true)
      }),
    )
    const wide = { violations: Array.from({ length: 100_000 }, () => ({ quotaId: 'PerMinute' })) }
    expect(readGoogleDetails([wide], NOW)).toMatchObject({ kind: undefined })
  })
})
