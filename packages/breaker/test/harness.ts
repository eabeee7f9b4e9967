import { CircuitBreaker, consecutive, type BreakerOptions } from '../src/index.ts'

/** A clock that moves only by `pass`. */
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

/** A breaker with its own clock. By default one failure opens it for a second. */
export function breakerWith(options: BreakerOptions = {}): { breaker: CircuitBreaker; clock: TestClock } {
  const clock = new TestClock()
  return { clock, breaker: new CircuitBreaker({ trip: consecutive(1), openForMs: 1_000, clock, ...options }) }
}

/** Makes calls through the breaker that end at once. */
export function succeed(breaker: CircuitBreaker, times = 1): void {
  for (let call = 0; call < times; call++) breaker.acquire().succeed()
}

export function fail(breaker: CircuitBreaker, times = 1, error: unknown = down): void {
  for (let call = 0; call < times; call++) breaker.acquire().fail(error)
}

/** Returns what a function throws; fails if it throws nothing. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  throw new Error('it threw nothing')
}

/** A promise with its resolve and reject. */
export function deferred<T = string>(): PromiseWithResolvers<T> {
  return Promise.withResolvers<T>()
}

/** Collects garbage. Needs `--expose-gc`. */
export async function collectGarbage(): Promise<void> {
  // An object that a WeakRef returned stays alive until the end of the turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc?.()
}
