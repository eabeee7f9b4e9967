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

/** Delays that can be told beforehand: 100, 200, 400 ms. */
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

/** An operation that never ends and never listens. */
export const hanging = (): Mock<Operation<never>> => vi.fn(() => new Promise<never>(() => undefined))

/** An error that is an answer with these headers. */
export const busy = (headers: Record<string, string>): object => ({ status: 429, headers })

/** What a promise settled to, to be asked at any moment. */
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

/** Runs everything that waits for no time to pass. */
export const tick = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)
