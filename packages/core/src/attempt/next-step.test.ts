import { classifyStatus, type Failure, type FailureKind } from '@harbor/retry'
import { describe, expect, it } from 'vitest'
import type { LegExchange } from '../call/exchange.ts'
import { mayRetryHere } from './next-step.ts'

describe('mayRetryHere', () => {
  it('refuses a failure that is not retryable', () => {
    expect(mayRetryHere(exchangeAfter(), failure('server', { status: 501, retryable: false }))).toBe(false)
  })

  it('allows as many retries of an ambiguous failure as the operation does', () => {
    const broken = failure('network', { ambiguous: true })
    const answers = [0, 1, Infinity].map((ambiguousRetries) =>
      [1, 2, 3].map((possiblyBilled) =>
        mayRetryHere(exchangeAfter({ possiblyBilled, ambiguousRetries }), broken),
      ),
    )
    expect(answers).toEqual([
      [false, false, false],
      [true, false, false],
      [true, true, true],
    ])
  })

  it('allows a retry of a request that was not sent, whatever the operation', () => {
    expect(mayRetryHere(exchangeAfter({ ambiguousRetries: 0, possiblyBilled: 1 }), failure('network'))).toBe(
      true,
    )
  })

  it('allows one retry of a conflict, and counts only conflicts', () => {
    const conflict = failure('conflict', { status: 409 })
    expect(mayRetryHere(exchangeAfter({ failed: ['server', 'server', 'conflict'] }), conflict)).toBe(true)
    expect(mayRetryHere(exchangeAfter({ failed: ['conflict', 'server', 'conflict'] }), conflict)).toBe(false)
  })

  it("lets a provider's x-should-retry overrule a row with retryHere: no", () => {
    const wished = classifyStatus(400, { headers: { 'x-should-retry': 'true' } })
    expect(mayRetryHere(exchangeAfter(), wished)).toBe(true)
  })

  it('refuses once the call has sent maxUpstreamCalls requests', () => {
    const exchange = exchangeAfter({ failed: ['server', 'server'], maxUpstreamCalls: 2 })
    expect(mayRetryHere(exchange, failure('server'))).toBe(false)
  })

  it('refuses after attemptsBeforeFallback attempts and after a rate limit, while another target can take over', () => {
    const server = failure('server')
    const slow = failure('rate-limit', { status: 429, retryAfterMs: 1 })
    const unsaid = failure('rate-limit', { status: 429 })
    const allowed = (others: number, madeHere: number, failed = server): boolean =>
      mayRetryHere(exchangeAfter({ others, madeHere }), failed)
    expect([allowed(1, 1), allowed(1, 2), allowed(0, 2)]).toEqual([true, false, true])
    expect([allowed(1, 1, slow), allowed(0, 1, slow)]).toEqual([false, true])
    expect([allowed(1, 1, unsaid), allowed(0, 1, unsaid)]).toEqual([false, true])
  })

  it('counts each redirect as one of maxUpstreamCalls', () => {
    const facts = { failed: ['server'], maxUpstreamCalls: 4 } as const
    expect(mayRetryHere(exchangeAfter({ ...facts, redirects: 2 }), failure('server'))).toBe(true)
    expect(mayRetryHere(exchangeAfter({ ...facts, redirects: 3 }), failure('server'))).toBe(false)
  })

  it('allows one retry of a local fault after which the request may have been sent', () => {
    const local = failure('network', { origin: 'local', ambiguous: true })
    expect(mayRetryHere(exchangeAfter({ possiblyBilled: 1 }), local)).toBe(true)
    expect(mayRetryHere(exchangeAfter({ possiblyBilled: 2 }), local)).toBe(false)
  })

  it('leaves one of maxUpstreamCalls for each other target', () => {
    const allowed = (others: number, maxUpstreamCalls: number): boolean =>
      mayRetryHere(exchangeAfter({ failed: ['server'], others, maxUpstreamCalls }), failure('server'))
    expect([allowed(4, 6), allowed(5, 6), allowed(1, 2), allowed(0, 2)]).toEqual([true, false, false, true])
  })

  it('refuses an unknown failure, after which the request may have been sent', () => {
    expect(mayRetryHere(exchangeAfter(), failure('unknown'))).toBe(false)
  })
})

function failure(kind: FailureKind, facts: Partial<Failure> = {}): Failure {
  return { kind, retryable: true, ambiguous: false, ...facts }
}

/** An exchange whose last attempt failed, with the parts that the decision reads. */
function exchangeAfter(
  facts: {
    possiblyBilled?: number
    redirects?: number
    ambiguousRetries?: number
    failed?: readonly FailureKind[]
    maxUpstreamCalls?: number
    others?: number
    madeHere?: number
  } = {},
): LegExchange {
  const { possiblyBilled = 0, redirects = 0, ambiguousRetries = 1, failed = [] } = facts
  const { maxUpstreamCalls = 6, others = 0, madeHere = failed.length } = facts
  const attempts = failed.map((kind) => ({ failure: { kind } }))
  return {
    receipt: { possiblyBilled, attempts, redirects, refusedByTiers: 0 },
    operation: { ambiguousRetries },
    policy: { maxUpstreamCalls, attemptsBeforeFallback: 2 },
    leg: { others, attempts: madeHere },
  } as unknown as LegExchange
}
