import { after } from '../base/wait-for.ts'

/** The result of an operation that missed its deadline. */
export const TOO_LATE = Symbol('too late')

/**
 * Settles as `work` does, or resolves with `TOO_LATE` after `ms` milliseconds. Then the signal aborts, and the outcome of the work is
 * ignored.
 */
export async function within<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | typeof TOO_LATE> {
  const controller = new AbortController()
  const { promise: late, resolve } = Promise.withResolvers<typeof TOO_LATE>()
  const stop = after(ms, () => {
    resolve(TOO_LATE)
    controller.abort(new DOMException(`the far tier may take ${ms} ms`, 'TimeoutError'))
  })
  try {
    // The race also handles a rejection that comes too late.
    return await Promise.race([work(controller.signal), late])
  } finally {
    stop()
  }
}
