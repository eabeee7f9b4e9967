import { ApiError } from '@google/genai'
import { describe, expect, it } from 'vitest'
import { retry } from '../retry.ts'
import { classify } from './classify.ts'
import type { Failure } from './failure.ts'

/** The error of `@google/genai` for an error answer: its message is the body as JSON. */
const apiError = (status: number, error: object): ApiError =>
  new ApiError({ status, message: JSON.stringify({ error: { code: status, ...error } }) })

const violated = (quotaId: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId, quotaValue: '20' }],
})
const RETRY_INFO = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36.4s' }
const EXHAUSTED = {
  status: 'RESOURCE_EXHAUSTED',
  message: 'You exceeded your current quota, please check your plan.',
}

describe("classify, for @google/genai's ApiError,", () => {
  it.each<[string, ApiError, Partial<Failure>]>([
    [
      'a rate limit with RetryInfo',
      apiError(429, { ...EXHAUSTED, details: [violated('RequestsPerMinutePerProject'), RETRY_INFO] }),
      { kind: 'rate-limit', code: 'RESOURCE_EXHAUSTED', retryable: true, retryAfterMs: 36_400 },
    ],
    ['a rate limit without details', apiError(429, EXHAUSTED), { kind: 'rate-limit', retryable: true }],
    [
      'a daily quota with RetryInfo',
      apiError(429, {
        ...EXHAUSTED,
        details: [violated('GenerateRequestsPerDayPerProjectPerModel'), RETRY_INFO],
      }),
      { kind: 'quota', retryable: false },
    ],
    [
      'a spending cap',
      apiError(429, { ...EXHAUSTED, message: 'Your project has exceeded its monthly spending cap.' }),
      { kind: 'quota', retryable: false },
    ],
    [
      'credits that are used up',
      apiError(429, { ...EXHAUSTED, message: 'Your prepayment credits are depleted.' }),
      { kind: 'quota', retryable: false },
    ],
    [
      'an invalid key',
      apiError(400, {
        status: 'INVALID_ARGUMENT',
        message: 'Something new.',
        details: [{ reason: 'API_KEY_INVALID', domain: 'googleapis.com' }],
      }),
      { kind: 'auth', status: 400, retryable: false },
    ],
    [
      'an invalid key without details',
      apiError(400, {
        status: 'INVALID_ARGUMENT',
        message: 'API key not valid. Please pass a valid API key.',
      }),
      { kind: 'auth' },
    ],
    [
      'a location that is not supported',
      apiError(400, {
        status: 'FAILED_PRECONDITION',
        message: 'User location is not supported for the API use.',
      }),
      { kind: 'auth' },
    ],
    [
      'a prompt that is too long',
      apiError(400, {
        status: 'INVALID_ARGUMENT',
        message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      }),
      { kind: 'context-length' },
    ],
    [
      'a request that is too large',
      apiError(400, {
        status: 'INVALID_ARGUMENT',
        message: 'Request payload size exceeds the limit: 20971520 bytes.',
      }),
      { kind: 'context-length' },
    ],
    [
      'an unknown model',
      apiError(404, { status: 'NOT_FOUND', message: 'models/x is not found' }),
      { kind: 'not-found' },
    ],
    [
      'another invalid request',
      apiError(400, { status: 'INVALID_ARGUMENT', message: 'No.' }),
      { kind: 'bad-request' },
    ],
    [
      'an overloaded model',
      apiError(503, { status: 'UNAVAILABLE', message: 'The model is overloaded.' }),
      { kind: 'overloaded', code: 'UNAVAILABLE', retryable: true },
    ],
    [
      'a model without capacity',
      apiError(429, { ...EXHAUSTED, details: [{ reason: 'MODEL_CAPACITY_EXHAUSTED' }] }),
      { kind: 'overloaded', retryable: true },
    ],
    [
      'an internal error',
      apiError(500, { status: 'INTERNAL', message: 'An internal error.' }),
      { kind: 'server', retryable: true },
    ],
    [
      'a deadline',
      apiError(504, { status: 'DEADLINE_EXCEEDED', message: 'Late.' }),
      { kind: 'server', retryable: true },
    ],
    [
      'an error in a stream',
      new ApiError({
        status: 503,
        message: 'got status: UNAVAILABLE. {"error":{"code":503,"status":"UNAVAILABLE","message":"a"}}',
      }),
      { kind: 'overloaded', retryable: true },
    ],
    [
      'a body that a gateway quotes as text',
      new ApiError({
        status: 429,
        message: JSON.stringify({
          error: {
            message: JSON.stringify([
              { error: { code: 429, ...EXHAUSTED, details: [violated('TokensPerDay')] } },
            ]),
            code: 429,
            status: 'Too Many Requests',
          },
        }),
      }),
      { kind: 'quota', retryable: false },
    ],
    [
      'a stream that broke after its first content',
      new ApiError({
        status: 503,
        message:
          'got status: UNAVAILABLE. {"error":{"code":503,"status":"UNAVAILABLE","details":[{"reason":"stream_incomplete"}]}}',
      }),
      { retryable: false },
    ],
    ['a message that is no JSON', new ApiError({ status: 500, message: 'got [object]' }), { kind: 'server' }],
    ['JSON that is not an error', new ApiError({ status: 500, message: '{"a":1} [' }), { kind: 'server' }],
  ])('recognises %s', (_, error, failure) => {
    expect(classify(error)).toMatchObject(failure)
  })

  it('makes one attempt when a daily quota is used up', async () => {
    let attempts = 0
    const error = apiError(429, { ...EXHAUSTED, details: [violated('RequestsPerDay'), RETRY_INFO] })
    const run = retry(() => Promise.reject((attempts++, error)), { maxAttempts: 5 })
    await expect(run).rejects.toBe(error)
    expect(attempts).toBe(1)
  })
})
