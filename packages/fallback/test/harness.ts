import { afterEach, beforeEach, vi } from 'vitest'
import type { FallbackContext } from '../src/index.ts'

export interface Named {
  name: string
}

/** Targets with these names. */
export const named = (...names: string[]): Named[] => names.map((name) => ({ name }))

/** Runs every test of a file with fake timers. */
export function withFakeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
}

/** An operation with a behaviour for each target. Records the names of the targets that were called. */
export class Upstreams {
  readonly calls: string[] = []
  readonly contexts: FallbackContext[] = []
  readonly #behaviours: Record<string, () => unknown>

  /** A target without a behaviour answers with its name. */
  constructor(behaviours: Record<string, () => unknown> = {}) {
    this.#behaviours = behaviours
  }

  set(name: string, behaviour: () => unknown): void {
    this.#behaviours[name] = behaviour
  }

  readonly operation = async ({ name }: Named, context: FallbackContext): Promise<unknown> => {
    this.calls.push(name)
    this.contexts.push(context)
    const behaviour = this.#behaviours[name]
    return behaviour ? behaviour() : `${name} answers`
  }
}

/** A behaviour that always fails with this status. */
export const failing =
  (status = 503, more: object = {}) =>
  (): never => {
    throw Object.assign(new Error(`status ${status}`), { status, ...more })
  }

/** A behaviour that answers after this time. */
export const slow =
  (ms: number, value: unknown = `after ${ms}`) =>
  (): Promise<unknown> =>
    new Promise((resolve) => setTimeout(() => resolve(value), ms))

export const never = (): Promise<never> => new Promise(() => undefined)

/** The state of a promise, readable at any moment. */
export function watch<T>(promise: Promise<T>): { settled: boolean; value?: T; error?: unknown } {
  const seen: { settled: boolean; value?: T; error?: unknown } = { settled: false }
  promise.then(
    (value) => Object.assign(seen, { settled: true, value }),
    (error: unknown) => Object.assign(seen, { settled: true, error }),
  )
  return seen
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
