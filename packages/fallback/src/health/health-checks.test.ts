import { describe, expect, it, vi } from 'vitest'
import { failing, named, never, Upstreams, withFakeTime } from '../../test/harness.ts'
import { FallbackChain, type FallbackChainOptions } from '../index.ts'

withFakeTime()

type Named = { name: string }
const targets = named('primary', 'second')

/** A chain whose primary target is down, and unavailable. */
async function inOutage(options: Partial<FallbackChainOptions<Named>> = {}) {
  const upstreams = new Upstreams({ primary: failing() })
  const onRecovered = vi.fn()
  const chain = new FallbackChain({ targets, failureThreshold: 1, onRecovered, ...options })
  chain.start()
  await chain.run(upstreams.operation)
  upstreams.calls.length = 0
  return { chain, upstreams, onRecovered }
}

describe('health checks', () => {
  it('check unavailable targets only, make them available on success, and leave no timer', async () => {
    const healthCheck = vi.fn<(target: Named) => Promise<unknown>>(() =>
      Promise.reject(new Error('still down')),
    )
    const { chain, upstreams, onRecovered } = await inOutage({ healthCheck })
    const health = chain.health.get('primary')
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(29_999)
    expect(healthCheck).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(healthCheck.mock.calls.map(([target]) => target)).toEqual([targets[0]])
    expect(health).toMatchObject({
      available: false,
      lastError: { message: 'still down' },
      lastCheckAt: expect.any(Number) as number,
    })

    await chain.run(upstreams.operation)
    expect(upstreams.calls).toEqual(['second'])

    healthCheck.mockResolvedValue('well')
    upstreams.set('primary', () => 'well')
    await vi.advanceTimersByTimeAsync(30_000)
    expect(onRecovered).toHaveBeenCalledExactlyOnceWith({ target: targets[0], by: 'check', health })
    expect(vi.getTimerCount()).toBe(0)
    await chain.run(upstreams.operation)
    expect(upstreams.calls).toEqual(['second', 'primary'])
    await vi.advanceTimersByTimeAsync(300_000)
    expect(healthCheck).toHaveBeenCalledTimes(2)
  })

  it('run no timer while all targets are available, before start() and after close()', async () => {
    const healthCheck = vi.fn(never)
    const chain = new FallbackChain({ targets, failureThreshold: 1, healthCheck })
    chain.start()
    await chain.run(() => 'fine')
    expect(vi.getTimerCount()).toBe(0)
    chain.close()
    await chain.run(new Upstreams({ primary: failing() }).operation)
    expect(vi.getTimerCount()).toBe(0)
    chain.start()
    expect(vi.getTimerCount()).toBe(1)
    chain.start()
    expect(vi.getTimerCount()).toBe(1)
    chain.close()
    chain.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('never overlap: one that hangs, even if it ignores its signal, is aborted and counts as failed when the next is due', async () => {
    const signals: AbortSignal[] = []
    const healthCheck = vi.fn((_: Named, signal: AbortSignal) => {
      signals.push(signal)
      return never()
    })
    const { chain } = await inOutage({ healthCheck, healthCheckIntervalMs: 1_000 })
    await vi.advanceTimersByTimeAsync(3_000)
    expect(signals.map((signal) => signal.aborted)).toEqual([true, true, false])
    expect(chain.health.get('primary').lastError).toMatchObject({ name: 'TimeoutError' })
    chain.close()
    await vi.advanceTimersByTimeAsync(0)
    expect(signals[2]?.reason).toMatchObject({ name: 'AbortError' })
    expect(chain.health.get('primary').lastError).toMatchObject({ name: 'TimeoutError' })
  })

  it('do not keep the process alive', async () => {
    vi.useRealTimers()
    const setTimer = vi.spyOn(globalThis, 'setTimeout')
    const { chain } = await inOutage({ healthCheck: never })
    const timer = setTimer.mock.results[0]?.value as NodeJS.Timeout
    expect(timer.hasRef()).toBe(false)
    chain.close()
  })

  it('report the recovery of a target that isAvailable holds back', async () => {
    const held = new Set(['primary'])
    const onRecovered = vi.fn(({ target }: { target: Named }) => held.delete(target.name) as never)
    const { upstreams, chain } = await inOutage({
      healthCheck: () => Promise.resolve(),
      isAvailable: ({ name }) => !held.has(name),
      onRecovered,
    })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(onRecovered).toHaveBeenCalledTimes(1)
    upstreams.set('primary', () => 'well')
    await expect(chain.run(upstreams.operation)).resolves.toMatchObject({ target: 'primary' })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('do not abort the signal of a check that has ended', async () => {
    const signals: AbortSignal[] = []
    const healthCheck = (_: Named, signal: AbortSignal): Promise<never> => {
      signals.push(signal)
      return Promise.reject(new Error('still down'))
    }
    const { chain } = await inOutage({ healthCheck })
    await vi.advanceTimersByTimeAsync(60_000)
    chain.close()
    expect(signals.map((signal) => signal.aborted)).toEqual([false, false])
  })

  it('count a check that throws synchronously as failed', async () => {
    const { chain } = await inOutage({ healthCheck: failing(500) })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(chain.health.get('primary')).toMatchObject({ available: false, lastError: { status: 500 } })
    chain.close()
  })

  it('include the targets of a single run once it found them unavailable', async () => {
    const healthCheck = vi.fn(() => Promise.resolve('well'))
    const { chain, upstreams } = await inOutage({ healthCheck })
    chain.health.get('primary').available = true
    const [guest] = named('guest')
    upstreams.set('guest', failing())
    await expect(chain.run(upstreams.operation, { targets: guest ? [guest] : [] })).rejects.toThrow()
    await vi.advanceTimersByTimeAsync(30_000)
    expect(healthCheck.mock.calls).toEqual([[guest, expect.any(AbortSignal)]])
    expect(chain.health.get('guest').available).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
})
