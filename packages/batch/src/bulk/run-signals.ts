import { BulkStoppedError } from './bulk-stopped-error.ts'

/** The signals of one run: two for all that waits inside it, one for each attempt that reads its own. */
export class RunSignals {
  readonly #whole = new AbortController()
  readonly #stopping = new AbortController()
  /** Of attempts under way. Only those whose signal was read: most of the cost of an attempt would be its controller. */
  readonly #attempts = new Set<AbortController>()

  /** Aborts with the run. */
  get whole(): AbortSignal {
    return this.#whole.signal
  }

  /** Aborts when nothing more is to be sent: with the run, and already when it is stopped. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** What is not sent yet is given back. */
  stop(): void {
    this.#stopping.abort(new BulkStoppedError())
  }

  /** A controller that aborts with the run, until it is let go. */
  link(): AbortController {
    const controller = new AbortController()
    if (this.whole.aborted) controller.abort(this.whole.reason)
    else this.#attempts.add(controller)
    return controller
  }

  release(controller: AbortController): void {
    this.#attempts.delete(controller)
  }

  abort(reason: unknown): void {
    this.#whole.abort(reason)
    this.#stopping.abort(reason)
    for (const controller of this.#attempts) controller.abort(reason)
    this.#attempts.clear()
  }
}
