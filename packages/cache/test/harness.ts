import { afterEach, beforeEach, vi } from 'vitest'
import type { CacheStore, Source } from '../src/index.ts'

/** Runs every test of a file with fake timers, the clock of the cache included. */
export function withFakeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
}

export const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

/** An origin whose loads are settled by hand. */
export class Origin<T> {
  readonly signals: AbortSignal[] = []
  readonly pending: PromiseWithResolvers<T>[] = []

  get calls(): number {
    return this.signals.length
  }

  readonly load = ({ signal }: { signal: AbortSignal }): Promise<T> => {
    this.signals.push(signal)
    const pending = Promise.withResolvers<T>()
    this.pending.push(pending)
    return pending.promise
  }

  answer(value: T, call = this.pending.length - 1): void {
    this.pending[call]?.resolve(value)
  }

  fail(error: unknown, call = this.pending.length - 1): void {
    this.pending[call]?.reject(error)
  }
}

/** The current state of a promise, without waiting for it. */
export function watch<T>(promise: Promise<T>): { settled: boolean; value?: T; error?: unknown } {
  const seen: { settled: boolean; value?: T; error?: unknown } = { settled: false }
  promise.then(
    (value) => Object.assign(seen, { settled: true, value }),
    (error: unknown) => Object.assign(seen, { settled: true, error }),
  )
  return seen
}

/** A byte source that is fed by hand. */
export class Feed implements AsyncIterable<Uint8Array> {
  reads = 0
  returned = false
  #chunks: Uint8Array[] = []
  #end: { error?: unknown } | undefined
  #wake: (() => void) | undefined

  push(...texts: string[]): void {
    this.#chunks.push(...texts.map(bytes))
    this.#wake?.()
  }

  end(error?: unknown): void {
    this.#end = { error }
    this.#wake?.()
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: async () => {
        this.reads++
        for (;;) {
          const value = this.#chunks.shift()
          if (value) return { done: false, value }
          if (this.#end?.error) throw this.#end.error
          if (this.#end) return { done: true, value: undefined }
          await new Promise<void>((resolve) => (this.#wake = resolve))
        }
      },
      return: async () => {
        this.returned = true
        return { done: true, value: undefined }
      },
    }
  }
}

/** An origin that answers with streams fed by hand. */
export class StreamingOrigin {
  readonly feeds: Feed[] = []
  readonly signals: AbortSignal[] = []

  readonly open = async ({ signal }: { signal: AbortSignal }): Promise<Source<{ status: number }>> => {
    const feed = new Feed()
    this.feeds.push(feed)
    this.signals.push(signal)
    return { head: { status: 200 }, body: feed }
  }

  get feed(): Feed {
    return this.feeds.at(-1) ?? new Feed()
  }
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (...chunks: readonly Uint8Array[]): string =>
  chunks.map((chunk) => new TextDecoder().decode(chunk)).join('')

export async function readAll(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return new TextDecoder().decode(Buffer.concat(chunks))
}

/** A far tier in memory whose operations can be made to fail or to hang. */
export class TestStore implements CacheStore {
  readonly values = new Map<string, Uint8Array>()
  readonly calls: string[] = []
  /** Makes the next operations fail or hang; undefined lets them succeed. */
  trouble: ((operation: string) => Promise<void> | undefined) | undefined

  async get(key: string): Promise<Uint8Array | undefined> {
    await this.#meet('get')
    return this.values.get(key)
  }

  async set(key: string, value: Uint8Array): Promise<void> {
    await this.#meet('set')
    this.values.set(key, value)
  }

  async delete(key: string): Promise<void> {
    await this.#meet('delete')
    this.values.delete(key)
  }

  async clear(prefix: string): Promise<void> {
    await this.#meet('clear')
    for (const key of this.values.keys()) if (key.startsWith(prefix)) this.values.delete(key)
  }

  async #meet(operation: string): Promise<void> {
    this.calls.push(operation)
    await this.trouble?.(operation)
  }
}

export const hanging = (): Promise<never> => new Promise(() => undefined)
export const failing = async (): Promise<never> => {
  throw new Error('the store is down')
}

/** A seeded random number generator: the same numbers from 0 to 1 in every run (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
