import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Autoscale } from './autoscale.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** An Autoscale from 2 to 16 connections, with a fake pool whose calls last until the test ends them. */
function scaled() {
  const waiting: number[] = []
  let busy = 0
  const shrank = vi.fn()
  const serve = (): void => {
    while (waiting.length > 0 && busy < scale.limit) {
      waiting.shift()
      busy++
      scale.use(1)
    }
    if (waiting.length === 0) scale.queueEmpty()
  }
  const scale = new Autoscale({ min: 2, targetQueueMs: 100, shrinkIntervalMs: 1_000 }, 16, {
    get queued() {
      return waiting.length
    },
    get longestWaitMs() {
      return performance.now() - (waiting[0] ?? performance.now())
    },
    limitGrew: serve,
    limitShrank: shrank,
  })
  return {
    scale,
    shrank,
    busy: () => busy,
    call: () => {
      waiting.push(performance.now())
      serve()
      if (waiting.length > 0) scale.requestQueued()
    },
    end: () => {
      if (busy === 0) return
      busy--
      scale.use(-1)
      serve()
    },
  }
}

describe('Autoscale', () => {
  it('allows more connections when requests wait longer than the target, up to max', () => {
    const { scale, call } = scaled()
    for (let index = 0; index < 50; index++) call()
    const limits = [scale.limit]
    for (let step = 0; step < 6; step++) {
      vi.advanceTimersByTime(99)
      expect(scale.limit).toBe(limits.at(-1))
      vi.advanceTimersByTime(1)
      limits.push(scale.limit)
    }
    expect(limits).toEqual([2, 4, 8, 16, 16, 16, 16])
  })

  it('allows no more connections than there are waiting requests', () => {
    const { scale, call } = scaled()
    for (let index = 0; index < 3; index++) call()
    vi.advanceTimersByTime(500)
    expect(scale.limit).toBe(3)
  })

  it('does not grow while all requests are served within the target', () => {
    const { scale, call, end } = scaled()
    for (let index = 0; index < 100; index++) {
      for (let each = 0; each < 4; each++) call()
      vi.advanceTimersByTime(60)
      for (let each = 0; each < 4; each++) end()
    }
    expect(scale.limit).toBe(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('shrinks after the cool-down to the most that were in use, finally to min, and leaves no timer', () => {
    const { scale, shrank, call, end } = scaled()
    for (let index = 0; index < 50; index++) call()
    vi.advanceTimersByTime(300)
    for (let index = 0; index < 45; index++) end()
    vi.advanceTimersByTime(1_000)
    expect(shrank).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1_000)
    expect([scale.limit, shrank.mock.calls.length]).toEqual([5, 1])
    for (let index = 0; index < 5; index++) end()
    vi.advanceTimersByTime(2_000)
    expect([scale.limit, shrank.mock.calls.length]).toEqual([2, 2])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('stays between min and max, and never below the number in use', () => {
    const step = fc.oneof(
      fc.constant('call' as const),
      fc.constant('end' as const),
      fc.integer({ min: 1, max: 1_500 }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { scale, busy, call, end } = scaled()
        for (const each of steps) {
          if (each === 'call') call()
          else if (each === 'end') end()
          else vi.advanceTimersByTime(each)
          expect(scale.limit).toBeGreaterThanOrEqual(Math.max(2, busy()))
          expect(scale.limit).toBeLessThanOrEqual(16)
        }
        while (busy() > 0) end()
        vi.advanceTimersByTime(3_000)
        expect(scale.limit).toBe(2)
        expect(vi.getTimerCount()).toBe(0)
      }),
    )
  })
})
