import { classifyStatus, type Failure, type FailureKind } from '@harbor/retry'
import { describe, expect, it } from 'vitest'
import type { LegExchange } from '../call/exchange.ts'
import { isFailureStatus, situationOf, statusOf, VERDICTS, type Situation } from './verdict.ts'
import { mayRetryHere } from '../attempt/next-step.ts'

const MINUTES_5 = 300_000

/** The table as it is agreed: row by row, column by column. */
const TABLE: readonly (readonly [
  row: Situation,
  retryHere: string,
  nextTarget: string,
  breaker: string,
  rests: string | undefined,
  ms: number | string | undefined,
  cacheable: string,
])[] = [
  ['local-fault', 'yes', 'yes', 'ignore', undefined, undefined, 'no'],
  ['not-sent', 'yes', 'yes', 'failure', undefined, undefined, 'no'],
  ['sent-unanswered', 'once', 'yes', 'failure', undefined, undefined, 'no'],
  ['aborted', 'no', 'no', 'ignore', undefined, undefined, 'no'],
  ['bad-request', 'no', 'no', 'ignore', undefined, undefined, 'no'],
  ['context-length', 'no', 'context-chain', 'ignore', undefined, undefined, 'no'],
  ['content-filter', 'no', 'policy-chain', 'ignore', undefined, undefined, 'no'],
  ['auth', 'no', 'other-credential', 'ignore', 'credential', MINUTES_5, 'no'],
  ['quota', 'no', 'yes', 'ignore', 'credential', MINUTES_5, 'no'],
  ['not-found', 'no', 'yes', 'ignore', 'target-and-model', MINUTES_5, 'no'],
  ['timeout-answer', 'yes', 'yes', 'failure', undefined, undefined, 'no'],
  ['conflict', 'once', 'no', 'ignore', undefined, undefined, 'no'],
  ['rate-limit', 'after-retry-after', 'other-quota-group', 'ignore', 'quota-group', 'as-asked', 'no'],
  ['overloaded', 'yes', 'yes', 'failure', undefined, undefined, 'no'],
  ['server', 'yes', 'yes', 'failure', undefined, undefined, 'no'],
  ['malformed', 'yes', 'yes', 'failure', undefined, undefined, 'no'],
  ['stream-before-content', 'yes', 'yes', 'failure', undefined, undefined, 'no'],
  ['stream-after-content', 'no', 'no', 'failure', undefined, undefined, 'no'],
  ['refused', 'no', 'yes', 'ignore', undefined, undefined, 'no'],
  ['unknown', 'no', 'no', 'ignore', undefined, undefined, 'no'],
  ['complete', 'no', 'no', 'success', undefined, undefined, 'yes'],
  ['cut-by-length', 'no', 'no', 'success', undefined, undefined, 'opt-in'],
]

describe('the table of verdicts', () => {
  it.each(TABLE)('says of %s: retry %s, next target %s', (row, ...columns) => {
    const { retryHere, nextTarget, breaker, rests, cacheable } = VERDICTS[row]
    expect([retryHere, nextTarget, breaker, rests?.what, rests?.ms, cacheable]).toEqual(columns)
  })

  it('has no row that is not agreed', () => {
    expect(Object.keys(VERDICTS).toSorted()).toEqual(TABLE.map(([row]) => row).toSorted())
  })
})

describe('situationOf', () => {
  it.each<[string, Failure, Situation]>([
    ['a connection that was not made', failure('network'), 'not-sent'],
    [
      'a connection for which this machine had no socket',
      failure('network', { origin: 'local' }),
      'local-fault',
    ],
    ['a connection that broke', failure('network', { ambiguous: true }), 'sent-unanswered'],
    ['a clock that ran out', failure('timeout', { ambiguous: true }), 'sent-unanswered'],
    ['an answer that says timeout', failure('timeout', { status: 408 }), 'timeout-answer'],
    ['a stream that broke', failure('stream'), 'stream-before-content'],
  ])('finds the row for %s', (_, failed, row) => {
    expect(situationOf(failed)).toBe(row)
  })

  it.each<[status: number, code: string | undefined, Situation]>([
    [400, undefined, 'bad-request'],
    [405, undefined, 'bad-request'],
    [406, undefined, 'bad-request'],
    [415, undefined, 'bad-request'],
    [422, undefined, 'bad-request'],
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
  ])('finds the row for an answer of %i %s', (status, code, row) => {
    expect(situationOf(classifyStatus(status, { code }))).toBe(row)
  })
})

describe('mayRetryHere', () => {
  it('repeats nothing that is not retryable', () => {
    expect(mayRetryHere(exchangeAfter(), failure('server', { status: 501, retryable: false }))).toBe(false)
  })

  it('repeats an ambiguous failure as often as its operation allows', () => {
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

  it('repeats what was never sent whatever the operation', () => {
    expect(mayRetryHere(exchangeAfter({ ambiguousRetries: 0, possiblyBilled: 1 }), failure('network'))).toBe(
      true,
    )
  })

  it('repeats a conflict once, and counts conflicts alone', () => {
    const conflict = failure('conflict', { status: 409 })
    expect(mayRetryHere(exchangeAfter({ failed: ['server', 'server', 'conflict'] }), conflict)).toBe(true)
    expect(mayRetryHere(exchangeAfter({ failed: ['conflict', 'server', 'conflict'] }), conflict)).toBe(false)
  })

  it("lets a provider's x-should-retry overrule a row that says no", () => {
    const wished = classifyStatus(400, { headers: { 'x-should-retry': 'true' } })
    expect(mayRetryHere(exchangeAfter(), wished)).toBe(true)
  })

  it('repeats nothing once the call has sent as much as it may', () => {
    const exchange = exchangeAfter({ failed: ['server', 'server'], maxUpstreamCalls: 2 })
    expect(mayRetryHere(exchange, failure('server'))).toBe(false)
  })

  it('leaves to another target what failed here often enough, or was asked to wait', () => {
    const server = failure('server')
    const slow = failure('rate-limit', { status: 429, retryAfterMs: 1 })
    const unsaid = failure('rate-limit', { status: 429 })
    const asked = (others: number, madeHere: number, failed = server): boolean =>
      mayRetryHere(exchangeAfter({ others, madeHere }), failed)
    expect([asked(1, 1), asked(1, 2), asked(0, 2)]).toEqual([true, false, true])
    expect([asked(1, 1, slow), asked(0, 1, slow)]).toEqual([false, true])
    expect([asked(1, 1, unsaid), asked(0, 1, unsaid)]).toEqual([false, true])
  })

  it('counts every redirect as one of the requests that a call may send', () => {
    const facts = { failed: ['server'], maxUpstreamCalls: 4 } as const
    expect(mayRetryHere(exchangeAfter({ ...facts, redirects: 2 }), failure('server'))).toBe(true)
    expect(mayRetryHere(exchangeAfter({ ...facts, redirects: 3 }), failure('server'))).toBe(false)
  })

  it('repeats at most once what may have been sent when this machine failed', () => {
    const local = failure('network', { origin: 'local', ambiguous: true })
    expect(mayRetryHere(exchangeAfter({ possiblyBilled: 1 }), local)).toBe(true)
    expect(mayRetryHere(exchangeAfter({ possiblyBilled: 2 }), local)).toBe(false)
  })

  it('leaves to each of the other targets one of the requests that the call may still send', () => {
    const asked = (others: number, maxUpstreamCalls: number): boolean =>
      mayRetryHere(exchangeAfter({ failed: ['server'], others, maxUpstreamCalls }), failure('server'))
    expect([asked(4, 6), asked(5, 6), asked(1, 2), asked(0, 2)]).toEqual([true, false, false, true])
  })

  it('repeats nothing unknown: a stranger among errors may have been sent', () => {
    expect(mayRetryHere(exchangeAfter(), failure('unknown'))).toBe(false)
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
  ])('gives %s, told under a status of success, the status %i', (kind, status) => {
    expect(statusOf(failure(kind, { status: 200 }))).toBe(status)
    expect(statusOf(failure(kind))).toBe(status)
  })

  it('keeps a status that says failure itself', () => {
    expect(statusOf(failure('server', { status: 524 }))).toBe(524)
  })
})

describe('isFailureStatus', () => {
  it('begins at 400', () => {
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

function failure(kind: FailureKind, facts: Partial<Failure> = {}): Failure {
  return { kind, retryable: true, ambiguous: false, ...facts }
}

/** As much of an exchange as the verdict looks at, at the moment when its last attempt has failed. */
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
    receipt: { possiblyBilled, attempts, redirects },
    operation: { ambiguousRetries },
    policy: { maxUpstreamCalls, attemptsBeforeFallback: 2 },
    leg: { others, attempts: madeHere },
  } as unknown as LegExchange
}
