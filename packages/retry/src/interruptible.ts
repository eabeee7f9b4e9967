import { letGo } from './outcome.ts'
import { ownTimer, type Timed, type Timer } from './timer.ts'

/** What may interrupt a wait, and what is made of it. */
export interface Interruption {
  readonly signal: AbortSignal | undefined
  readonly timer?: Timer | undefined
  readonly begunAt?: number | undefined
  /** Makes the reason when the time is up. */
  onLimit?(): unknown
  /** Told the reason of either interruption. */
  onInterrupt?(reason: unknown): void
}

/**
 * Settles as `work` does, or rejects at once when it is interrupted: by the signal, with its own reason, or by the limit.
 * Work that was interrupted may still end: a late rejection is dropped, a late result is let go.
 */
export function interruptible<T>(work: () => Promise<T>, interruption: Interruption): Promise<T> {
  return new Promise((resolve, reject) => {
    const wait = new Wait(interruption, reject)
    if (!wait.open) return
    work().then(
      (value) => {
        if (wait.open) resolve(value)
        else letGo(value)
        wait.end()
      },
      (error: unknown) => {
        wait.end()
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- exactly what the work threw
        reject(error)
      },
    )
  })
}

/** Resolves after `ms`. Rejects with the signal's own reason as soon as it aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    new Wait({ signal, timer: ownTimer(ms), onLimit: resolve }, reject)
  })
}

/** Rejects as soon as the signal aborts, at once if it has, or when the time is up. By then timer and listener are gone. */
export class Wait implements Timed {
  open = true
  readonly begunAt: number | undefined
  readonly #on: Interruption
  readonly #reject: (reason: unknown) => void

  constructor(on: Interruption, reject: (reason: unknown) => void) {
    this.begunAt = on.begunAt
    this.#on = on
    this.#reject = reject
    if (on.signal?.aborted) {
      this.handleEvent()
    } else {
      on.signal?.addEventListener('abort', this)
      on.timer?.start(this)
    }
  }

  end(): void {
    if (!this.open) return
    this.open = false
    this.#on.timer?.stop(this)
    this.#on.signal?.removeEventListener('abort', this)
  }

  onTime(): void {
    this.#interrupt(this.#on.onLimit?.())
  }

  /** The signal has aborted. */
  handleEvent(): void {
    this.#interrupt(this.#on.signal?.reason)
  }

  #interrupt(reason: unknown): void {
    this.end()
    this.#on.onInterrupt?.(reason)
    this.#reject(reason)
  }
}
