import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { AttemptScope, endReason } from './attempt-scope.ts'
import { TimeoutError } from '../base/errors.ts'
import type { LegExchange } from '../call/exchange.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

/** An exchange with the parts that a scope reads: its signals and its deadline. */
function exchange(facts: {
  signal?: AbortSignal
  callerSignal?: AbortSignal
  attemptMs?: number
  totalMs?: number
  elapsedMs?: number
  canMoveOn?: boolean
}): LegExchange {
  const {
    signal,
    callerSignal,
    attemptMs = Infinity,
    totalMs = 1_000,
    elapsedMs = 0,
    canMoveOn = false,
  } = facts
  const policy = { attemptMs, totalMs, clock: { now: () => Date.now() } }
  const deadline = { at: Date.now() + totalMs - elapsedMs }
  const leg = { canMoveOn, target: {} }
  return { signal, callerSignal, policy, deadline, leg, perCall: {} } as unknown as LegExchange
}

const forever = (): Promise<never> => new Promise(() => undefined)

describe('AttemptScope', () => {
  it('resolves with the value it waited for', async () => {
    const scope = new AttemptScope(exchange({}))
    await expect(scope.wait(Promise.resolve(7))).resolves.toBe(7)
    await expect(scope.wait(Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(scope.signal.aborted).toBe(false)
    scope.close()
  })

  it.each([
    ['attempt', { attemptMs: 100 }, 100, 100],
    ['total', { totalMs: 100 }, 100, 100],
    ['total', { attemptMs: 900, totalMs: 1_000, elapsedMs: 200 }, 800, 1_000],
  ] as const)(
    'ends when the %s runs out, of a transport deaf to its signal, too (%j)',
    async (clock, facts, atMs, limitMs) => {
      const scope = new AttemptScope(exchange(facts))
      const ended = scope.wait(forever()).catch((error: unknown) => error)
      await vi.advanceTimersByTimeAsync(atMs - 1)
      expect(scope.signal.aborted).toBe(false)
      await vi.advanceTimersByTimeAsync(1)
      expect(await ended).toSatisfy(TimeoutError.is)
      expect(await ended).toMatchObject({ clock, limitMs })
      expect(scope.signal.reason).toBe(await ended)
    },
  )

  it('ends at once if it begins after the deadline, and sets no timer into the past, of which Node.js warns', async () => {
    vi.useRealTimers()
    const warn = vi.spyOn(process, 'emitWarning')
    onTestFinished(() => warn.mockRestore())
    const scope = new AttemptScope(exchange({ totalMs: 100, elapsedMs: 150 }))
    const ended: unknown = await scope.wait(forever()).catch((error: unknown) => error)
    expect(ended).toMatchObject({ clock: 'total', limitMs: 100 })
    expect(warn).not.toHaveBeenCalled()
    vi.useFakeTimers()
  })

  it.each([
    ['is read in time', 'close'],
    ['begins to stream in time', 'handOver'],
  ] as const)('accepts an answer that %s, however late its process wakes up', async (_, end) => {
    const scope = new AttemptScope(exchange({ attemptMs: 100 }))
    vi.advanceTimersByTime(5_000)
    // The answer has been read from its socket before the timeout's callback runs.
    scope[end]()
    await new Promise((resolve) => setImmediate(resolve))
    expect(scope.signal.aborted).toBe(false)
    scope.close()
  })

  it("ends at once with the caller's own reason", async () => {
    const caller = new AbortController()
    const scope = new AttemptScope(exchange({ signal: caller.signal, callerSignal: caller.signal }))
    const ended = scope.wait(forever()).catch((error: unknown) => error)
    const reason = new Error('enough')
    caller.abort(reason)
    expect(await ended).toBe(reason)
    expect(scope.signal.reason).toBe(reason)
  })

  it("reports the SDK's own timer as the total timeout", async () => {
    const sdk = new AbortController()
    const caller = new AbortController()
    const scope = new AttemptScope(exchange({ signal: sdk.signal, callerSignal: caller.signal }))
    const ended = scope.wait(forever()).catch((error: unknown) => error)
    sdk.abort()
    expect(await ended).toMatchObject({ name: 'TimeoutError', clock: 'total', limitMs: 1_000 })
  })

  it('does not wait once it has ended, and ignores the promise', async () => {
    const scope = new AttemptScope(exchange({}))
    const reason = new Error('over')
    scope.abort(reason)
    await expect(scope.wait(Promise.reject(new Error('late')))).rejects.toBe(reason)
  })

  it('reports its end once', () => {
    const scope = new AttemptScope(exchange({}))
    const onAbort = vi.fn()
    scope.onAbort = onAbort
    scope.abort('first')
    scope.abort('second')
    expect(onAbort.mock.calls).toEqual([['first']])
    expect(scope.signal.reason).toBe('first')
  })

  it('leaves no timer or listener, however it ends', () => {
    const { signal } = new AbortController()
    const closed = new AttemptScope(exchange({ signal }))
    const aborted = new AttemptScope(exchange({ signal }))
    expect(getEventListeners(signal, 'abort')).toHaveLength(2)
    closed.close()
    aborted.abort(new Error('over'))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    expect(vi.getTimerCount()).toBe(0)
    expect(closed.signal.aborted).toBe(false) // no abort after success
  })

  it('has no timeout after it was handed over, and ends with the reason of the outer signal', () => {
    const sdk = new AbortController()
    const caller = new AbortController()
    const scope = new AttemptScope(
      exchange({ signal: sdk.signal, callerSignal: caller.signal, attemptMs: 100 }),
    )
    scope.handOver()
    vi.advanceTimersByTime(10_000)
    expect(scope.signal.aborted).toBe(false)
    const reason = new Error('the reader left')
    sdk.abort(reason)
    expect(scope.signal.reason).toBe(reason)
  })

  it('does not exceed the longest timer', () => {
    const scope = new AttemptScope(exchange({ totalMs: Number.MAX_SAFE_INTEGER }))
    vi.advanceTimersByTime(1_000)
    expect(scope.signal.aborted).toBe(false)
    scope.close()
  })
})

describe('endReason', () => {
  it('is the reason of the caller when both signals are aborted', () => {
    const reason = new Error('enough')
    const callerSignal = AbortSignal.abort(reason)
    expect(endReason(exchange({ signal: AbortSignal.abort(), callerSignal }))).toBe(reason)
  })

  it('is the total timeout, with the reason of the SDK as its cause, when the caller did not abort', () => {
    const signal = AbortSignal.abort(new Error('the timer'))
    expect(endReason(exchange({ signal }))).toMatchObject({ clock: 'total', cause: { message: 'the timer' } })
  })
})
