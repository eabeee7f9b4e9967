import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageMeter } from './usage-meter.ts'

describe('UsageMeter', () => {
  it('weights usage by time', () => {
    let now = 0
    const meter = new UsageMeter(4, () => now)
    expect(meter.share()).toBe(0)
    meter.use(4)
    now += 1_000
    meter.use(-4)
    now += 3_000
    expect(meter.share()).toBe(0.25)
  })

  it('forgets usage older than a minute, however rarely it is read', () => {
    let now = 0
    const meter = new UsageMeter(1, () => now)
    meter.use(1)
    now += 10_000
    meter.use(-1)
    now += 50_000
    expect(meter.share()).toBeGreaterThan(0)
    now += 10_000
    expect(meter.share()).toBe(0)
    meter.use(1)
    now += 3_600_000
    expect(meter.share()).toBe(1)
  })

  it('equals a sum over all intervals, for any sequence of changes', () => {
    const step = fc.record({
      afterMs: fc.oneof(fc.nat(20_000), fc.nat(200_000)),
      used: fc.nat(8),
      allowed: fc.integer({ min: 8, max: 16 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(100_000), (steps, restMs) => {
        let now = 1_234
        let used = 0
        const meter = new UsageMeter(8, () => now)
        const moments = [{ from: now, used, allowed: 8 }]
        for (const next of steps) {
          now += next.afterMs
          meter.use(next.used - used)
          meter.allow(next.allowed)
          used = next.used
          moments.push({ from: now, used, allowed: next.allowed })
        }
        now += restMs
        // The window begins with a slice of five seconds, so it is 55 to 60 seconds long.
        const start = (Math.ceil(now / 5_000) - 12) * 5_000
        let inUse = 0
        let most = 0
        for (const [index, { from, used, allowed }] of moments.entries()) {
          const lasted = Math.max(0, (moments[index + 1]?.from ?? now) - Math.max(from, start))
          inUse += used * lasted
          most += allowed * lasted
        }
        expect(meter.share()).toBeCloseTo(most === 0 ? 0 : inUse / most, 9)
      }),
    )
  })
})
