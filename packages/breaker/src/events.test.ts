import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { breakerWith, deferred, down, fail } from '../test/harness.ts'
import { BreakerOpenError, consecutive } from './index.ts'

describe('a breaker', () => {
  const warning = vi.fn<typeof process.emitWarning>()
  beforeEach(() => {
    warning.mockReset()
    vi.spyOn(process, 'emitWarning').mockImplementation(warning)
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('returns the right result and counts when a listener throws or rejects', async () => {
    const { breaker, clock } = breakerWith()
    breaker.on('open', () => {
      throw new Error('a bad listener')
    })
    breaker.on('close', () => Promise.reject(new Error('an async bad listener')) as never)
    await expect(breaker.run(() => Promise.reject(down))).rejects.toBe(down)
    clock.pass(1_000)
    await expect(breaker.run(() => 'fine')).resolves.toBe('fine')
    await Promise.resolve()
    expect(breaker.state).toBe('closed')
    expect(warning).toHaveBeenCalledTimes(2)
  })

  it('returns the right results and counts when a listener calls reset() or run()', async () => {
    const { breaker } = breakerWith()
    const seen: string[] = []
    const inner: Promise<unknown>[] = []
    breaker.on('open', () => {
      seen.push('open, first')
      inner.push(breaker.run(() => 'refused').catch(BreakerOpenError.is))
      breaker.reset()
      inner.push(breaker.run(() => 'let through'))
    })
    breaker.on('open', () => seen.push('open, second'))
    breaker.on('close', () => seen.push('close'))
    await expect(breaker.run(() => Promise.reject(down))).rejects.toBe(down)

    expect(await Promise.all(inner)).toEqual([true, 'let through'])
    expect(breaker.state).toBe('closed')
    expect(breaker.counts()).toEqual({ calls: 1, successes: 1, failures: 0, slow: 0 })
    expect(seen).toEqual(['open, first', 'open, second', 'close'])
    expect(warning).not.toHaveBeenCalled()
  })

  it('gives the only probe to a listener that calls run() on half-open, and refuses the call that caused the event', async () => {
    const { breaker, clock } = breakerWith()
    fail(breaker)
    clock.pass(1_000)
    const gate = deferred()
    breaker.on('half-open', () => void breaker.run(() => gate.promise))
    await expect(breaker.run(() => 'second')).rejects.toThrow(BreakerOpenError)
    gate.resolve('fine')
    await gate.promise
    expect(breaker.state).toBe('closed')
  })

  it('emits reject once for each refusal, except for calls of a listener', async () => {
    const { breaker } = breakerWith()
    fail(breaker)
    const onReject = vi.fn(() => void breaker.run(() => 'again').catch(() => undefined))
    const off = breaker.on('reject', onReject)
    await expect(breaker.run(() => 'refused')).rejects.toThrow(BreakerOpenError)
    expect(() => breaker.check()).toThrow(BreakerOpenError)
    expect(onReject).toHaveBeenCalledTimes(2)
    expect(onReject).toHaveBeenCalledWith({
      type: 'reject',
      state: 'open',
      previous: 'open',
      retryAfterMs: 1_000,
      cause: down,
    })
    off()
    expect(() => breaker.check()).toThrow(BreakerOpenError)
    expect(onReject).toHaveBeenCalledTimes(2)
  })

  it('uses the default judge when judge throws or returns no verdict', async () => {
    for (const judge of [
      () => JSON.parse('{') as 'ignore',
      () => 'maybe' as 'ignore',
      () => ({}) as 'ignore',
    ]) {
      const { breaker } = breakerWith({ judge })
      await expect(breaker.run(() => 'fine')).resolves.toBe('fine')
      expect(breaker.counts().successes).toBe(1)
      await expect(breaker.run(() => Promise.reject(down))).rejects.toBe(down)
      expect(breaker.state).toBe('open')
    }
    expect(warning).toHaveBeenCalledTimes(6)
  })

  it('ignores a trip rule that throws', async () => {
    const broken = {
      record: (): boolean => {
        throw new Error('a bad rule')
      },
      counts: () => ({ calls: 0, successes: 0, failures: 0, slow: 0 }),
      save: () => undefined,
    }
    const { breaker } = breakerWith({ trip: [{ start: () => broken }, consecutive(2)] })
    await expect(breaker.run(() => Promise.reject(down))).rejects.toBe(down)
    fail(breaker)
    expect(breaker.state).toBe('open')
    expect(warning).toHaveBeenCalledTimes(2)
  })
})
