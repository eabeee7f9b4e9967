/**
 * Waits until `done` is called; rejects at once, with the signal's own reason, when that aborts.
 *
 * @param begin is handed `done`, and returns what stops it
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
