import { afterEach, beforeEach, vi, type Mock } from 'vitest'
import type { Operation, RetryOptions } from '../src/index.ts'

/** Fake time for every test of the file. */
export function withFakeTime(): void {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })
}

/** Predictable delays: 100, 200, 400 ms. */
export const exact: RetryOptions = { jitter: false, baseDelayMs: 100 }

/** An operation that fails with these errors, one after the other, and then succeeds. */
export function failing(...errors: unknown[]): Mock<Operation<string>> {
  return vi.fn(async () => {
    if (errors.length) throw errors.shift()
    return 'fine'
  })
}

/** An operation that always fails, with a new error each time. */
export function broken(): Mock<Operation<never>> {
  let calls = 0
  return vi.fn(async () => {
    throw new Error(`failure ${++calls}`)
  })
}

/** An operation that never settles and ignores its signal. */
export const hanging = (): Mock<Operation<never>> => vi.fn(() => new Promise<never>(() => undefined))

/** A 429 answer with these headers, as an error. */
export const busy = (headers: Record<string, string>): object => ({ status: 429, headers })

/** The state of a promise, readable at any moment. */
export interface Watched<T> {
  settled: boolean
  value?: T
  error?: unknown
}

export function watch<T>(promise: Promise<T>): Watched<T> {
  const seen: Watched<T> = { settled: false }
  promise.then(
    (value) => Object.assign(seen, { settled: true, value }),
    (error: unknown) => Object.assign(seen, { settled: true, error }),
  )
  return seen
}

/** Runs everything that does not depend on time passing. */
export const tick = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)
