/**
 * Settles as `work` does, unless the signal aborts first: then it rejects at once, with the signal's own reason. No listener
 * outlives the promise.
 */
export function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const abort = (): void => reject(signal.reason)
  const callOff = (): void => signal.removeEventListener('abort', abort)

  if (signal.aborted) {
    abort()
    return promise
  }
  signal.addEventListener('abort', abort, { once: true })
  const working = work()
  // In this order: the listener is gone when the caller learns how it ended.
  working.then(callOff, callOff)
  working.then(resolve, reject)
  return promise
}
