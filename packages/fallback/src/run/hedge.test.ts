import { getEventListeners } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { failing, named, never, slow, Upstreams, watch, withFakeTime } from '../../test/harness.ts'
import { FallbackChain, type HedgeOptions } from '../index.ts'

withFakeTime()

const targets = named('primary', 'second', 'third')
const hedging = (hedge: HedgeOptions): FallbackChain<{ name: string }> =>
  new FallbackChain({ targets, hedge })
const always = { afterMs: 100, maxExtraRatio: 1 }

describe('a hedge', () => {
  it('is not made when the answer comes before the delay, and leaves no timer', async () => {
    const upstreams = new Upstreams({ primary: slow(99) })
    const run = watch(hedging(always).run(upstreams.operation))
    await vi.advanceTimersByTimeAsync(99)
    expect(run.value).toMatchObject({ target: 'primary', attempts: [{ hedged: false }] })
    expect(vi.getTimerCount()).toBe(0)
    expect(upstreams.calls).toEqual(['primary'])
  })

  it('starts beside a slow target after the delay: the first answer wins, and the other attempt is aborted', async () => {
    const upstreams = new Upstreams({ primary: slow(10_000), second: slow(50) })
    const chain = hedging(always)
    const run = watch(chain.run(upstreams.operation))
    await vi.advanceTimersByTimeAsync(100)
    expect(upstreams.calls).toEqual(['primary', 'second'])
    const signals = upstreams.contexts.map((context) => context.signal)
    await vi.advanceTimersByTimeAsync(50)
    expect(run.value).toEqual({
      value: 'after 50',
      target: 'second',
      degraded: false,
      attempts: [
        { target: 'primary', outcome: 'abandoned', hedged: false, durationMs: 150 },
        { target: 'second', outcome: 'answered', hedged: true, durationMs: 50 },
      ],
    })
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false])
    expect(signals[0]?.reason).toMatchObject({ name: 'AbortError', message: 'another target has answered' })
    expect(upstreams.contexts.map((context) => context.attempt)).toEqual([1, 2])
    // The latency of the aborted attempt is unknown, but longer than this.
    expect(chain.health.get('primary').latencyMs).toBe(150)
  })

  it('does not wait for a losing attempt that ignores its signal, handles its late rejection, and cancels the body of its late answer', async () => {
    const cancel = vi.fn(() => Promise.reject(new Error('already gone')))
    for (const late of [failing(), () => ({ body: { cancel } }), () => null]) {
      const upstreams = new Upstreams({ primary: () => slow(5_000)().then(late) })
      const run = watch(hedging(always).run(upstreams.operation))
      await vi.advanceTimersByTimeAsync(100)
      expect(run.value).toMatchObject({ target: 'second' })
      await vi.advanceTimersByTimeAsync(5_000)
    }
    expect(cancel).toHaveBeenCalledTimes(1)
  })

  it('is not needed after a fast failure: the next target is called at once', async () => {
    const upstreams = new Upstreams({ primary: failing() })
    const run = watch(hedging(always).run(upstreams.operation))
    await vi.advanceTimersByTimeAsync(0)
    expect(run.value).toMatchObject({ target: 'second', attempts: [{ hedged: false }, { hedged: false }] })
  })

  it('continues when the other attempt fails, and the next target is called when both have failed', async () => {
    const upstreams = new Upstreams({ primary: () => slow(300)().then(failing()), second: failing() })
    const run = watch(hedging(always).run(upstreams.operation))
    await vi.advanceTimersByTimeAsync(299)
    expect(upstreams.calls).toEqual(['primary', 'second'])
    expect(run.settled).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(run.value).toMatchObject({
      target: 'third',
      attempts: [
        { outcome: 'failed' },
        { outcome: 'failed', hedged: true },
        { outcome: 'answered', hedged: false },
      ],
    })
  })

  it('is made at most once per run', async () => {
    const chain = hedging(always)
    for (let call = 0; call < 5; call++) await chain.run(() => 'fast')
    const upstreams = new Upstreams({ primary: never, second: never })
    const run = watch(chain.run(upstreams.operation))
    await vi.advanceTimersByTimeAsync(100_000)
    expect(upstreams.calls).toEqual(['primary', 'second'])
    expect(run.settled).toBe(false)
  })

  it.each([undefined, 0.1, 0.5])(
    'keeps extra calls within the ratio %j, and is skipped when none is left',
    async (maxExtraRatio) => {
      const chain = hedging({ afterMs: 100, maxExtraRatio })
      const upstreams = new Upstreams({ primary: slow(200) })
      for (let call = 1; call <= 100; call++) {
        const run = chain.run(upstreams.operation)
        await vi.advanceTimersByTimeAsync(200)
        await run
        expect(upstreams.calls.length - call).toBe(Math.floor(call * (maxExtraRatio ?? 0.05) + 1e-9))
      }
    },
  )

  it('can be saved for later, up to ten', async () => {
    const chain = hedging({ afterMs: 100 })
    for (let call = 0; call < 1_000; call++) await chain.run(() => 'fast')
    const upstreams = new Upstreams({ primary: never })
    for (let call = 0; call < 12; call++) void chain.run(upstreams.operation)
    await vi.advanceTimersByTimeAsync(100)
    expect(upstreams.calls.filter((name) => name === 'second')).toHaveLength(10)
  })

  it('starts at the 95th percentile once 20 answers are known', async () => {
    const chain = hedging({ afterMs: 'p95', maxExtraRatio: 1 })
    const upstreams = new Upstreams()
    for (let call = 1; call <= 20; call++) {
      upstreams.set('primary', slow(call * 10))
      const run = chain.run(upstreams.operation)
      await vi.advanceTimersByTimeAsync(call * 10)
      await run
    }
    expect(upstreams.calls).toHaveLength(20)
    upstreams.set('primary', never)
    void chain.run(upstreams.operation)
    await vi.advanceTimersByTimeAsync(189)
    expect(upstreams.calls).toHaveLength(21)
    await vi.advanceTimersByTimeAsync(1)
    expect(upstreams.calls.at(-1)).toBe('second')
  })

  it('is aborted with the other attempt when the caller aborts, and leaves no listener and no timer', async () => {
    const reason = new Error('left')
    const controller = new AbortController()
    const upstreams = new Upstreams({ primary: never, second: never })
    const run = watch(hedging(always).run(upstreams.operation, { signal: controller.signal }))
    await vi.advanceTimersByTimeAsync(100)
    controller.abort(reason)
    await vi.advanceTimersByTimeAsync(0)
    expect(run.error).toBe(reason)
    expect(upstreams.contexts.map((context) => context.signal.reason as unknown)).toEqual([reason, reason])
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('leaves no timer when the operation aborts the run before it returns', async () => {
    const controller = new AbortController()
    const run = hedging(always).run(
      () => {
        controller.abort(new Error('left'))
        return never()
      },
      { signal: controller.signal },
    )
    await expect(run).rejects.toThrow('left')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('can be set or switched off for one run; runs with the same options share a budget', async () => {
    const chain = hedging(always)
    const upstreams = new Upstreams({ primary: slow(500), second: slow(500) })
    const without = watch(chain.run(upstreams.operation, { hedge: false }))
    await vi.advanceTimersByTimeAsync(500)
    expect(without.value).toMatchObject({ target: 'primary' })
    expect(upstreams.calls).toEqual(['primary'])

    const own = { afterMs: 10, maxExtraRatio: 0.5 }
    const runs = [1, 2].map(() => watch(chain.run(upstreams.operation, { hedge: own })))
    await vi.advanceTimersByTimeAsync(500)
    expect(runs.map((run) => run.value)).toMatchObject([{ target: 'primary' }, { target: 'primary' }])
    expect(upstreams.calls).toEqual(['primary', 'primary', 'primary', 'second'])
  })
})
