/**
 * Settles as `work` does, or rejects as soon as the signal aborts, with the signal's own reason. The listener is removed
 * before the promise settles. A result that comes after the abort is ignored.
 *
 * @param work a promise, or a function that starts the work; it is not called if the signal is already aborted
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
  // In this order: the listener is gone when the caller sees the result.
  working.then(unlisten, unlisten)
  working.then(resolve, reject)
  return promise
}

/** A promise that rejects with `error` unchanged, whatever it is. */
export async function rejection(error: unknown): Promise<never> {
  throw error
}

/** Cancels the body of a `Response` that no caller will read: an unread body holds its connection. */
export function discardBody(value: unknown): void {
  const body = (value as { body?: { cancel?: () => Promise<void> } | null } | null | undefined)?.body
  if (typeof body?.cancel === 'function') body.cancel().catch(() => undefined)
}
