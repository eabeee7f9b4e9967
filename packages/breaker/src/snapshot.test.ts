import { describe, expect, it } from 'vitest'
import { breakerWith, down, fail, succeed } from '../test/harness.ts'
import {
  BreakerOpenError,
  CircuitBreaker,
  consecutive,
  countWindow,
  timeWindow,
  type BreakerSnapshot,
} from './index.ts'

describe('a snapshot', () => {
  const rules = [
    consecutive(3),
    countWindow({ size: 5, failureRatio: 1 }),
    timeWindow({ durationMs: 60_000, failureRatio: 1 }),
  ]
  const states: Record<string, (breaker: CircuitBreaker, pass: (ms: number) => void) => void> = {
    closed: (breaker) => {
      succeed(breaker)
      fail(breaker, 2)
    },
    open: (breaker, pass) => {
      fail(breaker, 3)
      pass(300)
    },
    'half-open': (breaker, pass) => {
      fail(breaker, 3)
      pass(1_000)
      breaker.acquire().succeed()
      breaker.acquire()
    },
    isolated: (breaker) => void breaker.isolate(),
  }

  it.each(Object.entries(states))(
    'restores %s from JSON: same decisions and remaining open time, with the snapshot unchanged',
    (state, reach) => {
      const { breaker, clock } = breakerWith({ trip: rules, probes: 3 })
      reach(breaker, (ms) => clock.pass(ms))
      const snapshot = JSON.parse(JSON.stringify(breaker.snapshot())) as BreakerSnapshot
      const before = structuredClone(snapshot)
      const restored = new CircuitBreaker({
        trip: rules,
        probes: 3,
        openForMs: 1_000,
        clock,
        restore: snapshot,
      })

      expect(restored.state).toBe(state)
      expect(restored.snapshot()).toEqual(breaker.snapshot())
      for (const ms of [0, 699, 1, 1_000, 29_000, 60_000]) {
        clock.pass(ms)
        expect([restored.state, restored.retryAfterMs, restored.counts()]).toEqual([
          breaker.state,
          breaker.retryAfterMs,
          breaker.counts(),
        ])
        const tries = [breaker, restored].map((each) => {
          try {
            each.acquire().fail(down)
            return 'let through'
          } catch (error) {
            return (error as BreakerOpenError).retryAfterMs
          }
        })
        expect(tries[1]).toBe(tries[0])
      }
      expect(snapshot).toEqual(before)
    },
  )

  it('restores an isolation that ends with reset(), or with the last handle taken since', () => {
    const { breaker, clock } = breakerWith()
    breaker.isolate()
    breaker.isolate()
    const restore = (): CircuitBreaker => new CircuitBreaker({ clock, restore: breaker.snapshot() })
    const one = restore()
    one.reset()
    expect(one.state).toBe('closed')
    const other = restore()
    other.isolate()[Symbol.dispose]()
    expect(other.state).toBe('closed')
  })

  it('keeps the remaining open time when the clock is behind', () => {
    const { breaker } = breakerWith()
    fail(breaker)
    const later = breakerWith({ restore: breaker.snapshot() })
    later.clock.pass(-3_600_000)
    expect(later.breaker.retryAfterMs).toBe(1_000)
    later.clock.pass(1_000)
    expect(later.breaker.state).toBe('half-open')
  })

  it('contains when it was taken, also from a restored breaker', () => {
    const { breaker, clock } = breakerWith({ trip: consecutive(3) })
    for (const reach of [() => undefined, () => fail(breaker, 3), () => clock.pass(1_000)]) {
      reach()
      const restored = new CircuitBreaker({ trip: consecutive(3), clock, restore: breaker.snapshot() })
      clock.pass(10)
      expect(restored.snapshot()).toEqual(breaker.snapshot())
      expect(restored.snapshot().takenAt).toBe(clock.now())
    }
  })

  it('does not restore the counts of other rules, and lets a breaker with fewer probes close', () => {
    const { breaker, clock } = breakerWith({ trip: consecutive(3), probes: 3 })
    fail(breaker, 2)
    const other = new CircuitBreaker({ trip: rules[2], clock, restore: breaker.snapshot() })
    expect(other.counts().calls).toBe(0)

    fail(breaker)
    clock.pass(1_000)
    succeed(breaker, 2)
    const fewer = new CircuitBreaker({ clock, restore: breaker.snapshot() })
    succeed(fewer)
    expect(fewer.state).toBe('closed')
  })

  it('contains no error', () => {
    const { breaker, clock } = breakerWith({ trip: consecutive(2) })
    const texts: string[] = []
    fail(breaker, 1, new Error('sk-secret'))
    texts.push(JSON.stringify(breaker.snapshot()))
    fail(breaker, 1, new Error('sk-secret'))
    texts.push(JSON.stringify(breaker.snapshot()))
    clock.pass(1_000)
    breaker.check()
    texts.push(JSON.stringify(breaker.snapshot()))
    for (const text of texts) expect(text).not.toMatch(/cause|Error|secret/)
  })
})
