import { VERDICTS } from '@harbor/retry'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallReceipt } from '../observed.ts'
import type { Attempt, Failure } from '../observed-attempt.ts'
import { attemptErrorType, attemptOutcome, callErrorType, ERROR_TYPES } from './error-type.ts'

const attempt = (failure: Failure | undefined, status?: number): Attempt => ({
  target: 'openai/gpt-4',
  startedAt: 1,
  status,
  failure,
})
const call = (outcome: string, failure?: Failure, attempts: readonly Attempt[] = []): CallReceipt => ({
  ...{ id: '1', startedAt: 1, outcome, failure, attempts },
})
const isListed = (type: string | undefined): boolean =>
  type !== undefined && (type in ERROR_TYPES || /^[45]\d\d$/.test(type))

describe('the error type of an attempt', () => {
  it.each<[Failure, number | undefined, string]>([
    [{ kind: 'server' }, 503, '503'],
    [{ kind: 'timeout' }, 408, '408'],
    [{ kind: 'timeout', code: 'timeout', clock: 'first-token' }, 200, 'timeout:first-token'],
    [{ kind: 'timeout', code: 'ETIMEDOUT' }, undefined, 'connection'],
    [{ kind: 'network', code: 'ECONNRESET' }, 200, 'connection'],
    [{ kind: 'stream', code: 'stream_stalled' }, 200, 'stream_stalled'],
    [{ kind: 'stream', code: 'a provider wrote this' }, 200, '_OTHER'],
    [{ kind: 'overloaded', code: 'overloaded_error' }, 200, '503'],
    [{ kind: 'malformed', code: 'malformed_answer' }, 200, 'malformed_answer'],
    [{ kind: 'refused', code: 'queue_full' }, undefined, 'rate_limited_local'],
    [{ kind: 'unknown' }, undefined, '_OTHER'],
    [{ kind: 'server' }, 1_000_000, '500'],
  ])('of %j with status %s is %s', (failure, status, type) => {
    expect(attemptErrorType(attempt(failure, status))).toBe(type)
  })

  it('is none for a success, and for an attempt that lost to a hedge', () => {
    const lost = attempt({ kind: 'aborted', code: 'lost_hedge' })
    expect([attempt(undefined, 200), lost].map(attemptErrorType)).toEqual([undefined, undefined])
    expect([attempt(undefined, 200), lost].map(attemptOutcome)).toEqual(['ok', 'lost'])
  })

  it('is one of the list, whatever failed', () => {
    const kinds = [...Object.keys(VERDICTS), 'network', 'timeout', 'stream', 'constructor', '__proto__']
    const failure = fc.record({
      kind: fc.oneof(fc.constantFrom(...kinds), fc.string()),
      code: fc.option(fc.oneof(fc.constantFrom('stream_incomplete', 'toString', 'timeout'), fc.string()), {
        nil: undefined,
      }),
      status: fc.option(fc.oneof(fc.integer(), fc.double()), { nil: undefined }),
      clock: fc.option(fc.oneof(fc.constantFrom('total', 'idle'), fc.string()), { nil: undefined }),
    })
    fc.assert(
      fc.property(
        failure,
        fc.option(fc.integer({ min: 0, max: 999 }), { nil: undefined }),
        (given, status) => {
          expect(isListed(attemptErrorType(attempt(given, status)))).toBe(true)
          expect(isListed(callErrorType(call('failure', given)))).toBe(true)
        },
      ),
    )
  })
})

describe('the error type of a call', () => {
  it('is that of its failure, and else of its last attempt', () => {
    const last = attempt({ kind: 'server' }, 502)
    expect(callErrorType(call('success', undefined, [last]))).toBeUndefined()
    expect(callErrorType(call('aborted', undefined, [last]))).toBe('aborted')
    expect(callErrorType(call('failure', { kind: 'refused', code: 'spend_limit' }, [last]))).toBe(
      'spend_limit',
    )
    expect(callErrorType(call('failure', { kind: 'refused', code: 'breaker_open' }))).toBe('breaker_open')
    expect(callErrorType(call('failure', { kind: 'refused', code: 'local_rate_limit' }))).toBe(
      'rate_limited_local',
    )
    expect(callErrorType(call('failure', undefined, [last]))).toBe('502')
    expect(callErrorType(call('failure'))).toBe('_OTHER')
  })
})
