import { classifyStatus, type Failure, type FailureKind } from '@harbor/retry'
import { describe, expect, it } from 'vitest'
import {
  cooldownOf,
  isFailureStatus,
  isOutOfOrder,
  limiterStatusOf,
  situationAtEnd,
  situationOf,
  statusOf,
  type Situation,
} from './verdict.ts'

// What each row leads to for a call is tested in packages/core/test/verdicts.test.ts.

describe('situationOf', () => {
  it.each<[string, Failure, Situation]>([
    ['a refused connection', failure('network'), 'not-sent'],
    [
      'a connection for which this process had no socket',
      failure('network', { origin: 'local' }),
      'local-fault',
    ],
    ['a connection that broke', failure('network', { ambiguous: true }), 'sent-unanswered'],
    ['a timeout of Harbor', failure('timeout', { ambiguous: true }), 'sent-unanswered'],
    ['a 408', failure('timeout', { status: 408 }), 'timeout-answer'],
    ['a stream that broke before its first content', failure('stream'), 'stream-before-content'],
  ])('finds the row of %s', (_, failed, row) => {
    expect(situationOf(failed)).toBe(row)
  })

  it.each<[status: number, code: string | undefined, Situation]>([
    [400, undefined, 'bad-request'],
    [405, undefined, 'bad-request'],
    [406, undefined, 'bad-request'],
    [415, undefined, 'bad-request'],
    [422, undefined, 'bad-request'],
    [400, 'unsupported_by_model', 'unable'],
    [400, 'ignored_by_model', 'unable'],
    [404, 'unsupported_by_model', 'unable'],
    [400, 'context_length_exceeded', 'context-length'],
    [413, 'context_length_exceeded', 'context-length'],
    [400, 'content_filter', 'content-filter'],
    [403, 'content_filter', 'content-filter'],
    [401, undefined, 'auth'],
    [403, undefined, 'auth'],
    [402, undefined, 'quota'],
    [429, 'insufficient_quota', 'quota'],
    [404, undefined, 'not-found'],
    [408, undefined, 'timeout-answer'],
    [409, undefined, 'conflict'],
    [429, undefined, 'rate-limit'],
    [429, 'resource_unavailable', 'tier-unavailable'],
    [503, 'slow_down', 'overloaded'],
    [503, 'engine_overloaded', 'overloaded'],
    [529, undefined, 'overloaded'],
    [500, undefined, 'server'],
    [502, undefined, 'server'],
    [503, undefined, 'server'],
    [504, undefined, 'server'],
    [524, undefined, 'server'],
    [501, undefined, 'server'],
    [200, undefined, 'malformed'],
  ])('finds the row of an answer with %i %s', (status, code, row) => {
    expect(situationOf(classifyStatus(status, { code }))).toBe(row)
  })
})

describe('situationAtEnd', () => {
  it('finds the row of a stream that failed or was aborted after its first content', () => {
    expect((['success', 'failure', 'aborted'] as const).map(situationAtEnd)).toEqual([
      undefined,
      'stream-after-content',
      'aborted',
    ])
  })
})

describe('cooldownOf', () => {
  it('lasts as long as the provider asked for after a rate limit, or else a second', () => {
    expect(cooldownOf(failure('rate-limit', { retryAfterMs: 20 }))).toEqual({ of: 'quota-group', ms: 20 })
    expect(cooldownOf(failure('rate-limit'))).toEqual({ of: 'quota-group', ms: 1_000 })
  })

  it('lasts five minutes after a refused credential, or longer if the provider asked for longer', () => {
    expect(cooldownOf(failure('auth', { retryAfterMs: 20 }))).toEqual({ of: 'credential', ms: 300_000 })
    expect(cooldownOf(failure('quota', { retryAfterMs: 600_000 }))).toEqual({
      of: 'credential',
      ms: 600_000,
    })
  })

  it('is undefined after an outage, which is for the circuit', () => {
    expect(cooldownOf(failure('server', { retryAfterMs: 20 }))).toBeUndefined()
  })
})

describe('statusOf', () => {
  it.each<[FailureKind, number]>([
    ['bad-request', 400],
    ['context-length', 400],
    ['content-filter', 400],
    ['auth', 401],
    ['not-found', 404],
    ['timeout', 408],
    ['conflict', 409],
    ['rate-limit', 429],
    ['quota', 429],
    ['server', 500],
    ['overloaded', 503],
    ['malformed', 502],
    ['stream', 502],
  ])('gives the kind %s, reported under a status of success, the status %i', (kind, status) => {
    expect(statusOf(failure(kind, { status: 200 }))).toBe(status)
    expect(statusOf(failure(kind))).toBe(status)
  })

  it('keeps a status of failure', () => {
    expect(statusOf(failure('server', { status: 524 }))).toBe(524)
  })
})

describe('isFailureStatus', () => {
  it('is true from 400', () => {
    expect([200, 204, 304, 399, 400, 500].map(isFailureStatus)).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
    ])
  })
})

describe('isOutOfOrder', () => {
  it('is true for 429 and from 500', () => {
    expect([200, 401, 404, 429, 499, 500, 503].map(isOutOfOrder)).toEqual([
      false,
      false,
      false,
      true,
      false,
      true,
      true,
    ])
  })
})

describe('limiterStatusOf', () => {
  it('reports a used-up quota as 402, whatever its status', () => {
    const quota = classifyStatus(429, { code: 'insufficient_quota' })
    expect([quota, classifyStatus(429), classifyStatus(503)].map(limiterStatusOf)).toEqual([402, 429, 503])
  })

  it('reports a rate limit as 429, also one that was reported under a status of success', () => {
    expect(limiterStatusOf(failure('rate-limit', { status: 200 }))).toBe(429)
  })
})

function failure(kind: FailureKind, facts: Partial<Failure> = {}): Failure {
  return { kind, retryable: true, ambiguous: false, ...facts }
}
