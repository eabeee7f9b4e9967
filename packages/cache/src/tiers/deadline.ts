import { after } from '../base/after.ts'

/** Stands for what did not come in time. */
export const TOO_LATE = Symbol('too late')

/**
 * Settles as `work` does, or resolves with `TOO_LATE` after so long; then the signal aborts, and whatever the work still comes
 * to is nobody's business.
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
    // A race also takes the rejection of what comes too late.
    return await Promise.race([work(controller.signal), late])
  } finally {
    stop()
  }
}
