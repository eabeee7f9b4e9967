/**
 * Waits for `work`, but rejects with the signal's reason as soon as the signal aborts; the result of `work` is then ignored.
 * The listener on the signal is removed before the returned promise settles.
 *
 * @param work a promise, or a function that returns one; the function is not called if the signal is already aborted
 */
export function untilAborted<T>(
  signal: AbortSignal | undefined,
  work: Promise<T> | (() => Promise<T>),
): Promise<T> {
  const start = (): Promise<T> => (typeof work === 'function' ? work() : work)
  if (!signal) return start()
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const abort = (): void => reject(signal.reason)
  const unlisten = (): void => signal.removeEventListener('abort', abort)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted && typeof work === 'function') return promise
  const working = start()
  // First `unlisten`, so that the listener is removed before the caller sees the result.
  working.then(unlisten, unlisten)
  working.then(resolve, reject)
  return promise
}

/** Returns a promise that rejects with `error`, which may be any value. */
export async function rejection(error: unknown): Promise<never> {
  throw error
}

/** Cancels the body of a `Response` that will not be read, to free its connection. Does nothing for any other value. */
export function discardBody(value: unknown): void {
  const body = (value as { body?: { cancel?: () => Promise<void> } | null } | null | undefined)?.body
  if (typeof body?.cancel === 'function') body.cancel().catch(() => undefined)
}
