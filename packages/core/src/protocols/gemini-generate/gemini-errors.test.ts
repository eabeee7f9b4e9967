import { describe, expect, it } from 'vitest'
import { GEMINI_ERRORS as ERRORS } from './gemini-errors.ts'

const violated = (quotaId: string, quotaValue = '20') => ({ violations: [{ quotaId, quotaValue }] })
const exhausted = (...details: object[]) => ({
  error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'Quota exceeded.', details },
})

describe('an error of Gemini', () => {
  it.each<[string, string]>([
    ['an object', JSON.stringify(exhausted())],
    ['a list with one item', JSON.stringify([exhausted()])],
    ['the data of an event', `data: ${JSON.stringify(exhausted())}\n\n`],
  ])('is read from %s', (_, text) => {
    expect(ERRORS.inText(text)).toMatchObject({
      status: 429,
      words: ['RESOURCE_EXHAUSTED'],
      message: 'Quota exceeded.',
      explicit: true,
    })
  })

  it('has the wait of its details, and the kind that they decide', () => {
    expect(
      ERRORS.declaredIn(exhausted(violated('RequestsPerMinute'), { retryDelay: '34.4s' })),
    ).toMatchObject({
      retryAfterMs: 34_400,
    })
    expect(ERRORS.declaredIn(exhausted(violated('RequestsPerMinute')))?.kind).toBeUndefined()
    const daily = ERRORS.inText(
      JSON.stringify([exhausted(violated('RequestsPerDayPerProjectPerModel'), { retryDelay: '36s' })]),
    )
    expect(daily).toMatchObject({ kind: 'quota', quotaOf: 'model' })
    expect(daily?.retryAfterMs).toBeGreaterThan(36_000)
  })

  it('teaches the limits for each minute', () => {
    const limits = (...details: object[]) =>
      ERRORS.rateLimitsOf(new Headers(), JSON.stringify(exhausted(...details)))
    expect(limits(violated('GenerateRequestsPerMinutePerProjectPerModel', '5'))).toEqual({
      requests: { limit: 5, windowMs: 60_000 },
    })
    expect(limits(violated('GenerateContentInputTokensPerModelPerMinute', '250000'))).toEqual({
      inputTokens: { limit: 250_000, windowMs: 60_000 },
    })
    expect(
      limits(
        violated('TokensPerMinute', '9'),
        violated('requests_per_minute', '3'),
        violated('RequestsPerMinute', '2'),
      ),
    ).toEqual({
      tokens: { limit: 9, windowMs: 60_000 },
      requests: { limit: 2, windowMs: 60_000 },
    })
    for (const bad of ['0', '-1', 'x', '1e99', 'NaN', ''])
      expect(limits(violated('RequestsPerMinute', bad))).toEqual({})
    expect(limits(violated('RequestsPerDay', '20'))).toEqual({})
    expect(ERRORS.rateLimitsOf(new Headers(), undefined)).toEqual({})
    expect(ERRORS.rateLimitsOf(new Headers(), 'no')).toEqual({})
  })

  it.each([
    [503, 'UNAVAILABLE'],
    [429, 'RESOURCE_EXHAUSTED'],
    [402, 'RESOURCE_EXHAUSTED'],
    [401, 'UNAUTHENTICATED'],
    [404, 'NOT_FOUND'],
    [500, 'INTERNAL'],
    [502, 'UNAVAILABLE'],
    [504, 'DEADLINE_EXCEEDED'],
    [400, 'INVALID_ARGUMENT'],
    [422, 'FAILED_PRECONDITION'],
  ])("is written with Harbor's code in its message and its details, under status %i", (status, name) => {
    const error = { message: 'No.', type: 'harbor_error', code: 'breaker_open' }
    expect(ERRORS.bodyOf(error, status)).toEqual({
      error: {
        code: status,
        message: 'No. (breaker_open)',
        status: name,
        details: [
          { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'breaker_open', domain: 'harbor' },
        ],
      },
    })
  })

  it("of the provider keeps the provider's status", () => {
    expect(ERRORS.bodyOf({ message: 'No.', type: undefined, code: 'ABORTED' }, 503)).toEqual({
      error: { code: 503, message: 'No.', status: 'ABORTED' },
    })
    expect(ERRORS.bodyOf({ message: 'No.', type: undefined, code: 503 }, 503)).toEqual({
      error: { code: 503, message: 'No.', status: 'UNAVAILABLE' },
    })
  })
})
