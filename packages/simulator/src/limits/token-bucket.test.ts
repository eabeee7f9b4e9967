import { assert, double, nat, property, record, array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

describe('a token bucket', () => {
  it('starts full, empties, and refills steadily up to its capacity', () => {
    const bucket = new TokenBucket(10, 0.01, 0)
    expect(bucket.available(0)).toBe(10)
    bucket.take(10, 0)
    expect([bucket.available(0), bucket.available(500), bucket.available(5_000)]).toEqual([0, 5, 10])
  })

  it('returns how long an amount has to wait, and how long until it is full', () => {
    const bucket = new TokenBucket(10, 0.01, 0)
    bucket.take(8, 0)
    expect([bucket.waitMs(2, 0), bucket.waitMs(5, 0), bucket.resetMs(0)]).toEqual([0, 300, 800])
  })

  it('gives more than its capacity when it is full, and goes into debt', () => {
    const bucket = new TokenBucket(10, 0.01, 0)
    expect(bucket.waitMs(25, 0)).toBe(0)
    bucket.take(25, 0)
    expect(bucket.available(0)).toBe(-15)
    expect(bucket.waitMs(25, 0)).toBe(2_500)
  })

  it('never gives more than its capacity plus its refills', () => {
    const steps = array(record({ afterMs: nat(2_000), amount: double({ min: 0.1, max: 10, noNaN: true }) }), {
      maxLength: 60,
    })
    assert(
      property(steps, (wanted) => {
        const bucket = new TokenBucket(10, 0.01, 0)
        let now = 0
        let given = 0
        for (const { afterMs, amount } of wanted) {
          now += afterMs
          if (bucket.waitMs(amount, now) > 0) continue
          bucket.take(amount, now)
          given += amount
        }
        expect(given).toBeLessThanOrEqual(10 + 0.01 * now + 1e-6)
      }),
    )
  })
})
