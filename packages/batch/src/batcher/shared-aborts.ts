/**
 * One listener for each signal, however many wait on it: a signal takes longer for every listener it has, and ten thousand
 * adds often share one. A signal that nobody waits on has no listener.
 */
export class SharedAborts<Waiter extends { readonly signal: AbortSignal | undefined }> {
  readonly #onAbort: (waiter: Waiter, reason: unknown) => void
  readonly #watched = new Map<AbortSignal, { waiters: Set<Waiter>; stop: () => void }>()

  constructor(onAbort: (waiter: Waiter, reason: unknown) => void) {
    this.#onAbort = onAbort
  }

  watch(waiter: Waiter): void {
    const { signal } = waiter
    if (!signal) return
    let watched = this.#watched.get(signal)
    if (!watched) {
      const waiters = new Set<Waiter>()
      const abort = (): void => {
        for (const each of [...waiters]) this.#onAbort(each, signal.reason)
      }
      watched = { waiters, stop: () => signal.removeEventListener('abort', abort) }
      this.#watched.set(signal, watched)
      signal.addEventListener('abort', abort)
    }
    watched.waiters.add(waiter)
  }

  unwatch(waiter: Waiter): void {
    const watched = waiter.signal && this.#watched.get(waiter.signal)
    if (!waiter.signal || !watched?.waiters.delete(waiter) || watched.waiters.size > 0) return
    watched.stop()
    this.#watched.delete(waiter.signal)
  }
}
