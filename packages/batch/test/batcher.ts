import { afterEach, beforeEach, expect, vi } from 'vitest'
import { createBatcher } from '../src/batcher/create-batcher.ts'
import type { BatcherOptions } from '../src/batcher/options.ts'

/** A batcher of numbers whose batches end when the test says so. */
export function held(options: BatcherOptions<number> = {}) {
  const calls: {
    items: readonly number[]
    signal: AbortSignal
    finish: (results?: unknown) => void
    fail: (error: Error) => void
  }[] = []
  const batcher = createBatcher<number, number>((items, { signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly number[]>()
    const finish = (results: unknown = items.map((item) => item * 10)): void =>
      resolve(results as readonly number[])
    calls.push({ items, signal, finish, fail: reject })
    return promise
  }, options)
  // Promises left over at the end of a test must not be reported as unhandled.
  const add: typeof batcher.add = (item, addOptions) => {
    const added = batcher.add(item, addOptions)
    added.catch(() => undefined)
    return added
  }
  return {
    batcher: { ...batcher, add },
    calls,
    batches: () => calls.map(({ items }) => items),
  }
}

/** A batcher of numbers that answers at once. */
export function quick(options: BatcherOptions<number> = {}) {
  const batches: (readonly number[])[] = []
  const batcher = createBatcher<number, number>(async (items) => {
    batches.push(items)
    return items.map((item) => item * 10)
  }, options)
  return { batcher, batches }
}

export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

export async function outcomes(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(promises)
  return settled.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as Error).message))
}

beforeEach(() => void vi.useFakeTimers())

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})
