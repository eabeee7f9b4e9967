import { timeLimit } from '@harbor/parts'

/**
 * Runs a task after `ms` milliseconds. The timer does not keep the process alive.
 *
 * @returns a function that cancels the timer
 */
export function after(ms: number, task: () => void): () => void {
  const timer = setTimeout(task, ms)
  // In browsers a timer is a number, and there is no process to keep alive.
  ;(timer as { unref?: () => void }).unref?.()
  return () => clearTimeout(timer)
}

/**
 * Waits until `done` is called. Rejects with the signal's reason as soon as the signal aborts.
 *
 * @param begin starts the wait: it receives `done`, and returns a function that cleans up
 */
export async function waitFor(
  signal: AbortSignal | undefined,
  begin: (done: () => void) => () => void,
): Promise<void> {
  signal?.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const abort = (): void => reject(signal?.reason)
  const stop = begin(() => resolve(undefined))
  signal?.addEventListener('abort', abort, { once: true })
  try {
    await promise
  } finally {
    stop()
    signal?.removeEventListener('abort', abort)
  }
}

/** The result of `within` if the work took too long. */
export const TOO_LATE = Symbol('too late')

/**
 * Settles as the promise of `work` does, but resolves with `TOO_LATE` if that takes longer than `ms` milliseconds. Then the signal that
 * `work` received aborts, and the outcome of `work` is ignored. Time in which this process was too busy does not count.
 *
 * @param what the name of the work, for the message of the abort reason
 */
export async function within<T>(
  ms: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | typeof TOO_LATE> {
  const controller = new AbortController()
  const { promise: late, resolve } = Promise.withResolvers<typeof TOO_LATE>()
  const stop = timeLimit(ms, () => {
    resolve(TOO_LATE)
    controller.abort(new DOMException(`${what} may take ${ms} ms`, 'TimeoutError'))
  })
  try {
    // `Promise.race` also handles a rejection of `work` after the deadline.
    return await Promise.race([work(controller.signal), late])
  } finally {
    stop()
  }
}
