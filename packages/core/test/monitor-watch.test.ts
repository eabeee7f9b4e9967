import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi, type Mock } from 'vitest'
import type { Advice } from '../src/monitor/advice.ts'
import { LoopDelay, recordGap } from '../src/monitor/loop-delay.ts'
import { ResourceWatch } from '../src/monitor/resource-watch.ts'
import { Window } from '../src/monitor/window.ts'
import { Histogram } from '../src/reporting/quantiles.ts'
import { Telemetry } from '../src/telemetry/telemetry.ts'
import { MiB, ORIGIN, quota, sampleAt, windowOf, type SampleValues } from './helpers/monitor-window.ts'

const QUEUE: SampleValues = { client: { attempts: 9 }, origin: { allowed: 2, busy: 2, open: 2, queued: 3 } }
const CALM: SampleValues = { client: { attempts: 9 }, origin: { allowed: 2, busy: 1, open: 2, free: 1 } }

/** A watch whose readings a test makes up, on a clock that it moves. */
function watching(onAdvice?: (advice: Advice, state: 'given' | 'withdrawn') => unknown) {
  const state: { look: SampleValues } = { look: CALM }
  const process = { read: vi.fn(() => sampleAt(Date.now(), state.look).process), close: vi.fn() }
  const watch = new ResourceWatch(
    {
      process,
      client: () => sampleAt(Date.now(), state.look).client,
      clock: { now: () => Date.now() },
    },
    { intervalMs: 1_000, windowMs: 20_000, onAdvice },
    new Telemetry(),
  )
  onTestFinished(() => watch.close())
  return { watch, state, process }
}

describe('a resource watch', () => {
  let emitWarning: Mock
  beforeEach(() => {
    vi.useFakeTimers()
    emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('reports once when advice is given, and once when it is withdrawn', () => {
    const told: string[] = []
    const { state, watch } = watching(({ code, subject }, what) =>
      told.push(`${code} ${subject ?? ''} ${what}`),
    )
    vi.advanceTimersByTime(20_000)
    expect(told).toEqual([])
    state.look = QUEUE
    vi.advanceTimersByTime(60_000)
    expect(told).toEqual([`queue-waits ${ORIGIN} given`])
    expect(watch.read().advice).toMatchObject([{ code: 'queue-waits' }])
    state.look = CALM
    vi.advanceTimersByTime(60_000)
    expect(told).toEqual([`queue-waits ${ORIGIN} given`, `queue-waits ${ORIGIN} withdrawn`])
    expect(watch.read().advice).toEqual([])
  })

  it('keeps the time since which advice is active while its numbers change', () => {
    const { state, watch } = watching()
    state.look = QUEUE
    vi.advanceTimersByTime(30_000)
    const [first] = watch.read().advice
    state.look = { ...QUEUE, origin: { ...QUEUE.origin, queued: 7 } }
    vi.advanceTimersByTime(30_000)
    const [later] = watch.read().advice
    expect(later?.since).toBe(first?.since)
    expect(later?.facts['connections']).toBe(9)
    expect(first?.facts['connections']).toBe(5)
  })

  it('goes on when onAdvice throws or rejects, and warns once', async () => {
    const { state, watch } = watching(() => Promise.reject(new Error('mine')))
    for (let turn = 0; turn < 3; turn++) {
      state.look = turn % 2 === 0 ? QUEUE : CALM
      await vi.advanceTimersByTimeAsync(60_000)
    }
    expect(watch.read().advice).toHaveLength(1)
    expect(emitWarning).toHaveBeenCalledOnce()
  })

  it('takes a sample for a reader if the last one is old, and not for one that reads in a loop', () => {
    const { watch, process } = watching()
    vi.advanceTimersByTime(400)
    watch.read()
    expect(process.read).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(200)
    for (let reader = 0; reader < 1_000; reader++) watch.read()
    expect(process.read).toHaveBeenCalledTimes(2)
  })

  it('leaves no timer and no histogram when it is closed, also twice, and still returns the last reading', () => {
    const { state, watch, process } = watching()
    state.look = QUEUE
    vi.advanceTimersByTime(20_000)
    watch.close()
    watch.close()
    expect(vi.getTimerCount()).toBe(0)
    expect(process.close).toHaveBeenCalledOnce()
    const before = process.read.mock.calls.length
    vi.advanceTimersByTime(60_000)
    expect(watch.read()).toMatchObject({ queue: { waiting: 3 }, advice: [{ code: 'queue-waits' }] })
    expect(process.read).toHaveBeenCalledTimes(before)
  })
})

describe('a reading', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('adds up the counters of the window, and has current values otherwise', () => {
    const { state, watch } = watching()
    for (let second = 1; second <= 30; second++) {
      state.look = {
        delays: [5],
        process: {
          activeMs: second * 300,
          idleMs: second * 700,
          cpuMs: second * 500,
          heapUsedBytes: (second === 20 ? 90 : 60) * MiB,
        },
        client: {
          attempts: second * 10,
          limits: {
            'openai/gpt-4': quota({
              granted: second * 10,
              rateLimited: second,
              limits: {
                requests: { limit: 1_200, windowMs: 60_000, available: 5, taken: 1_195, learned: false },
              },
            }),
          },
        },
        cache: { hits: second * 3, misses: second, entries: second, bytes: MiB },
        origin: {
          allowed: 20,
          open: 12,
          busy: 9,
          free: 3,
          connecting: 1,
          queued: second === 25 ? 4 : 0,
          opened: 12,
          requests: second * 10,
          reusedRatio: 1 - 1.2 / second,
          queueMs: { p50: 1, p95: 2, p99: 3 },
        },
      }
      vi.advanceTimersByTime(1_000)
    }
    const reading = watch.read()
    expect(reading).toMatchObject({
      windowMs: 20_000,
      eventLoop: { utilization: 0.3, delayMs: { count: 20, max: 5 } },
      cpu: { utilization: 0.5 },
      memory: { heapUsedBytes: 60 * MiB, heapPeakBytes: 90 * MiB },
      sockets: { open: 12, busy: 9, free: 3, allowed: 20, utilization: 0.5, opened: 0 },
      queue: { waiting: 0, maxWaiting: 4, waitMs: { p95: 2 } },
      limits: { 'openai/gpt-4': { rateLimited: 20, requestsUsed: 0.5, concurrency: undefined } },
      cache: { entries: 30, bytes: MiB, cacheable: 80, ratio: 0.75 },
    })
    expect(reading.sockets?.reusedRatio).toBeCloseTo(1)
    expect(reading.origins[ORIGIN]?.queue.maxWaiting).toBe(4)
  })

  it('has no sockets and no queue if they cannot be seen', () => {
    const { state, watch } = watching()
    state.look = {}
    vi.advanceTimersByTime(1_000)
    expect(watch.read()).toMatchObject({ sockets: undefined, queue: undefined, origins: {} })
  })
})

describe('a window', () => {
  it('keeps the samples it covers and the one before, however long it runs', () => {
    const window = windowOf(() => ({}), 5_000)
    expect(window.sampleCount).toBe(61)
    expect(window.ms).toBe(60_000)
  })

  it('holds no more samples than fit, and covers its whole length', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 200 }), (gaps) => {
        const window = new Window(10_000, sampleAt(0))
        let at = 0
        for (const gap of gaps) window.add(sampleAt((at += gap)))
        expect(window.isFull).toBe(at >= 10_000)
        expect(window.ms).toBeLessThan(10_000 + 5_000)
        expect(window.last.at).toBe(at)
      }),
    )
  })

  it('counts the increase of a counter, also after a restart', () => {
    const counts = (attempts: readonly number[]) =>
      windowOf((number) => ({ client: { attempts: attempts[number] ?? 0 } }), attempts.length - 1).rise(
        (client) => client.attempts,
      )
    expect(counts([5, 7, 12])).toBe(7)
    expect(counts([500, 600, 4])).toBe(4)
  })
})

describe('the delay of the event loop', () => {
  const readGap = (...gaps: readonly number[]) => {
    const late = new Histogram()
    for (const gap of gaps) recordGap(late, gap, 20)
    return late.read()
  }

  it('is the time beyond the interval of the timer', () => {
    expect(readGap(20, 20, 25)).toMatchObject({ count: 3, max: 5 })
  })

  it('counts the timers that a blocked loop skipped', () => {
    expect(readGap(100)).toMatchObject({ count: 4, max: 80, mean: 50 })
  })

  it('has one value per interval, so that quantiles are over moments', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1 }), (steps) => {
        expect(readGap(...steps.map((step) => step * 20))?.count).toBe(
          steps.reduce((sum, step) => sum + Math.max(1, step - 1), 0),
        )
      }),
    )
  })

  it('covers the time since the last reading', () => {
    const { delay, pass } = delayOnAClock()
    pass(60, 3)
    expect(delay.read().read()).toMatchObject({ count: 3, max: 0 })
    expect(delay.read().read()).toBeUndefined()
    pass(40, 1)
    expect(delay.read().read()).toMatchObject({ count: 1, max: 20 })
  })

  it('includes a block that is read right after it, before any timer fires', () => {
    const { delay, pass } = delayOnAClock()
    pass(220, 0)
    expect(delay.read().read()).toMatchObject({ max: 200 })
    pass(20, 1)
    expect(delay.read().read()).toMatchObject({ count: 1, max: 0 })
  })

  it('leaves no timer behind', () => {
    const { delay } = delayOnAClock()
    expect(vi.getTimerCount()).toBe(1)
    delay.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  /** `pass(ms, firings)`: so long passes, in which the timer fires so often. */
  function delayOnAClock() {
    vi.useFakeTimers()
    onTestFinished(() => {
      vi.useRealTimers()
    })
    let now = 0
    const delay = new LoopDelay(() => now)
    onTestFinished(() => delay.close())
    const pass = (ms: number, firings: number): void => {
      if (firings === 0) now += ms
      for (let firing = 0; firing < firings; firing++) {
        now += ms / firings
        vi.advanceTimersByTime(20)
      }
    }
    return { delay, pass }
  }
})
