import { CircuitBreaker, consecutive, type BreakerOptions } from '../src/index.ts'

/** A clock that moves when it is told to. */
export class TestClock {
  time = 1_700_000_000_000
  now(): number {
    return this.time
  }
  pass(ms: number): void {
    this.time += ms
  }
}

export const down = new Error('down')

/** A breaker on a clock of its own, that one failure opens for a second unless the options say otherwise. */
export function breakerWith(options: BreakerOptions = {}): { breaker: CircuitBreaker; clock: TestClock } {
  const clock = new TestClock()
  return { clock, breaker: new CircuitBreaker({ trip: consecutive(1), openForMs: 1_000, clock, ...options }) }
}

/** Calls through the breaker that have already ended. */
export function succeed(breaker: CircuitBreaker, times = 1): void {
  for (let call = 0; call < times; call++) breaker.acquire().succeed()
}

export function fail(breaker: CircuitBreaker, times = 1, error: unknown = down): void {
  for (let call = 0; call < times; call++) breaker.acquire().fail(error)
}

/** What a function throws; fails if it throws nothing. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('it threw nothing')
}

/** A promise and what settles it. */
export function deferred<T = string>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>()
}

/** Collects what the operation of a garbage-collected owner leaves behind. Needs `--expose-gc`. */
export async function collectGarbage(): Promise<void> {
  // What a WeakRef was asked for in a turn of the event loop stays until its end.
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc?.()
}
