import type { Fault } from '@harbor/simulator'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { receiptOf, type Receipt } from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFor, HELLO, QUICK, simulate } from './helpers/harbor-for.ts'

describe('Retry-After', () => {
  async function receiptAfter(refusal: Fault, options: object = {}): Promise<Receipt | undefined> {
    const provider = await simulate()
    provider.fail(refusal)
    return receiptOf(await harborFor(provider, options).chat.completions.create(HELLO))
  }

  it.each<[string, Fault, number]>([
    ['retry-after-ms', status(429, { retryAfter: 30 }), 30],
    ['x-ms-retry-after-ms', status(429, { headers: { 'x-ms-retry-after-ms': '30' } }), 30],
    ['retry-after in seconds', status(429, { retryAfter: '0.03' }), 30],
    [
      'retry-after-ms before retry-after',
      status(429, { retryAfter: 30, headers: { 'retry-after': '50' } }),
      30,
    ],
    ['retry-after as a date that has passed', status(429, { retryAfter: { dateInMs: -5_000 } }), 0],
    ['retry-after of 0', status(429, { retryAfter: '0' }), 0],
    ['with a status of failure', status(503, { retryAfter: 30 }), 30],
  ])('%s delays the retry', async (_, refusal, askedMs) => {
    const receipt = await receiptAfter(refusal)
    expect(receipt).toMatchObject({
      attempts: [{ failure: { retryAfterMs: askedMs } }, { waitedFor: 'retry-after' }],
    })
    expect(receipt?.waitMs).toBeGreaterThanOrEqual(askedMs)
    expect(receipt?.waitMs).toBe(receipt?.attempts[1]?.waitedMs)
  })

  it('as a future date delays the retry', async () => {
    const receipt = await receiptAfter(status(429, { retryAfter: { dateInMs: 1_300 } }))
    const askedMs = receipt?.attempts[0]?.failure?.retryAfterMs ?? 0
    expect(askedMs).toBeGreaterThan(0)
    expect(receipt).toMatchObject({ attempts: [{}, { waitedFor: 'retry-after' }] })
    expect(receipt?.waitMs).toBeGreaterThanOrEqual(askedMs)
  })

  it.each(['', 'soon', '-1'])('is ignored when it is invalid: %j', async (retryAfter) => {
    const receipt = await receiptAfter(status(429, { retryAfter }))
    expect(receipt?.attempts).toMatchObject([
      { failure: { kind: 'rate-limit', retryAfterMs: undefined } },
      { waitedFor: 'backoff' },
    ])
  })

  it('leaves the wait to the backoff when it is absent', async () => {
    const receipt = await receiptAfter(status(429), { retry: { ...QUICK, jitter: false } })
    expect(receipt?.attempts[1]).toMatchObject({ waitedFor: 'backoff', waitedMs: 2 })
  })

  it('counts for its own failure, not for a later one', async () => {
    const provider = await simulate()
    provider.fail(status(429, { retryAfter: 30 }), status(429))
    const receipt = receiptOf(await harborFor(provider).chat.completions.create(HELLO))
    expect(receipt?.attempts.map(({ waitedFor }) => waitedFor)).toEqual(['nothing', 'retry-after', 'backoff'])
  })

  it.each<[string, Fault]>([
    ['in seconds', status(429, { retryAfter: '61' })],
    ['in milliseconds', status(429, { retryAfter: 60_001 })],
    ['as a date', status(429, { retryAfter: { dateInMs: 3_600_000 } })],
  ])('ends the call at once with the 429 when it is too long (%s)', async (_, refusal) => {
    const provider = await simulate()
    provider.fail(refusal)
    const error = await failureOf(harborFor(provider).chat.completions.create(HELLO))
    expect(error).toBeInstanceOf(OpenAI.RateLimitError)
    expect(receiptOf(error)).toMatchObject({ outcome: 'failure', waitMs: 0, attempts: { length: 1 } })
    expect(receiptOf(error)?.attempts[0]?.failure?.retryAfterMs).toBeGreaterThan(60_000)
    expect(provider.counts().calls).toBe(1)
  })

  it.each<[string, Fault, object]>([
    ['asked for', status(429, { retryAfter: 5_000 }), QUICK],
    ['of the backoff', status(500), { baseDelayMs: 5_000, jitter: false }],
  ])('ends the call at once when a wait %s outlasts its deadline', async (_, refusal, retry) => {
    const provider = await simulate()
    provider.fail(refusal)
    const error = await failureOf(
      harborFor(provider, { retry, timeout: 3_000 }).chat.completions.create(HELLO),
    )
    expect(error).toMatchObject({ status: (refusal as { status: number }).status })
    expect(receiptOf(error)).toMatchObject({ waitMs: 0, attempts: { length: 1 } })
    expect(provider.counts().calls).toBe(1)
  })
})
