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
 * Waits until `done` is called. Rejects at once, with the signal's own reason, when the signal aborts.
 *
 * @param begin receives `done`, and returns a function that stops what it began
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
