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
  work().then(
    (value) => {
      callOff()
      resolve(value)
    },
    (error: unknown) => {
      callOff()
      reject(error)
    },
  )
  return promise
}
