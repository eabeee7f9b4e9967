import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attempt, failure, receipt } from './receipts.ts'
import type { ShownReceipt } from '../src/receipt.ts'
import { hopsOf, totalOf } from '../src/page/hops.ts'
import { longestOf } from '../src/page/longest.ts'

const longest = (call: ShownReceipt): string => {
  const hops = hopsOf(call, 5_000)
  const found = longestOf(call, hops, totalOf(call, 5_000))
  return `${found?.words} ${Math.round((found?.share ?? 0) * 100)} %${found?.isUsual === true ? '' : ' !'}`
}

/** A call that began at 1,000. Times count from there. */
function call(durationMs: number, facts: Partial<ShownReceipt>): ShownReceipt {
  return receipt({ durationMs, endedAt: 1_000 + durationMs, ...facts })
}
const wait = (
  reason: 'queue' | 'limit' | 'backoff' | 'retry-after' | 'hedge-delay',
  at: number,
  ms: number,
) => ({ reason, startedAt: 1_000 + at, ms })
const sent = (at: number, ms: number, facts: Parameters<typeof attempt>[0] = {}) =>
  attempt({ startedAt: 1_000 + at, durationMs: ms, ...facts })

describe('the part of a call that took the most time', () => {
  it.each<[string, ShownReceipt]>([
    ['openai/gpt-5: answer 100 %', receipt()],
    ['wait: rate limit 80 % !', call(1_000, { waits: [wait('limit', 0, 800)], attempts: [sent(800, 200)] })],
    [
      'wait: Retry-After 75 % !',
      call(400, {
        waits: [wait('retry-after', 50, 300)],
        attempts: [sent(0, 50, { failure: failure('rate-limit'), status: 429 }), sent(350, 50)],
      }),
    ],
    [
      'openai/gpt-5: 2 × 500 server 60 % !',
      call(500, {
        attempts: [
          sent(0, 150, { failure: failure('server'), status: 500 }),
          sent(150, 150, { failure: failure('server'), status: 500 }),
          sent(300, 200, { target: 'azure/gpt-5' }),
        ],
      }),
    ],
    [
      'openai/gpt-5: timeout (attempt) 90 % !',
      call(1_000, {
        attempts: [
          sent(0, 900, { failure: { ...failure('timeout'), clock: 'attempt' }, status: undefined }),
          sent(900, 100, { target: 'azure/gpt-5' }),
        ],
      }),
    ],
    [
      'openai/gpt-5: slow 70 % !',
      call(1_000, {
        waits: [wait('hedge-delay', 0, 700)],
        attempts: [
          sent(0, 1_000, { failure: failure('aborted') }),
          sent(700, 300, { target: 'azure/gpt-5', reason: 'hedge' }),
        ],
      }),
    ],
    [
      'openai/gpt-5: answer 100 %',
      call(1_000, {
        waits: [wait('hedge-delay', 0, 700)],
        attempts: [
          sent(0, 1_000),
          sent(700, 300, { target: 'azure/gpt-5', reason: 'hedge', failure: failure('aborted') }),
        ],
      }),
    ],
    [
      'openai/gpt-5: stream 75 %',
      call(400, { firstContentMs: 100, streaming: true, attempts: [sent(0, 400)] }),
    ],
    ['cache 100 %', call(1, { attempts: [], cache: { status: 'hit', reason: 'fresh', ageMs: 5 } })],
    [
      'the identical call 100 %',
      call(1, { attempts: [], cache: { status: 'shared', reason: 'in-flight', ageMs: 0 } }),
    ],
    [
      'not sent: breaker_open 100 % !',
      call(1, {
        outcome: 'failure',
        attempts: [],
        failure: { kind: 'refused', code: 'breaker_open', status: undefined, clock: undefined },
      }),
    ],
    ['in this process 90 % !', call(1_000, { attempts: [sent(900, 100)] })],
    [
      'waiting 100 %',
      receipt({ outcome: 'pending', attempts: [], endedAt: undefined, durationMs: undefined }),
    ],
  ])('is named: %s', (words, each) => {
    expect(longest(each)).toBe(words)
  })
})

describe('the hops of a call', () => {
  const times = fc.record({
    at: fc.integer({ min: -500, max: 2_000 }),
    ms: fc.integer({ min: 0, max: 2_000 }),
    fails: fc.boolean(),
  })

  it('lie within the call, and leave no gap of more than a fiftieth of it', () => {
    fc.assert(
      fc.property(
        fc.array(times, { maxLength: 8 }),
        fc.array(times, { maxLength: 8 }),
        fc.integer({ min: 1, max: 3_000 }),
        (attempts, waits, durationMs) => {
          const each = call(durationMs, {
            attempts: attempts.map(({ at, ms, fails }) =>
              sent(at, ms, { failure: fails ? failure('server') : undefined }),
            ),
            waits: waits.map(({ at, ms }) => wait('backoff', at, ms)),
          })
          const hops = hopsOf(each, 0)
          let end = 0
          for (const { start, ms } of hops) {
            expect(start).toBeGreaterThanOrEqual(0)
            expect(start + ms).toBeLessThanOrEqual(durationMs + 1e-6)
            expect(start - end).toBeLessThanOrEqual(Math.max(1, durationMs / 50))
            end = Math.max(end, start + ms)
          }
          expect(durationMs - end).toBeLessThanOrEqual(Math.max(1, durationMs / 50))
        },
      ),
    )
  })
})
