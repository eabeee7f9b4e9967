import { waitFor } from '../base/wait-for.ts'

/** Counts the loads that callers wait for. Prefetches use the count to wait until there are no such loads. */
export class ActiveLoads {
  #count = 0
  readonly #idleListeners = new Set<() => void>()

  get count(): number {
    return this.#count
  }

  begin(): void {
    this.#count++
  }

  end(): void {
    if (--this.#count > 0) return
    for (const done of this.#idleListeners) done()
  }

  /** Resolves as soon as no caller waits for a load. Rejects with the signal's reason if the signal aborts. */
  async idle(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#count === 0) return
    await waitFor(signal, (done) => {
      this.#idleListeners.add(done)
      return () => this.#idleListeners.delete(done)
    })
  }
}
