import { discardBody } from '@harbor/parts'
import { ownTimer, type Timed, type Timer } from './timer.ts'

/** What can interrupt a wait, and what to do then. */
export interface Interruption {
  readonly signal: AbortSignal | undefined
  readonly timer?: Timer | undefined
  readonly startedAt?: number | undefined
  /** Returns the reason to reject with when the time is up. */
  onLimit?(): unknown
  /** Called with the reason of either interruption. */
  onInterrupt?(reason: unknown): void
}

/**
 * Settles as `work` does, or rejects at once when it is interrupted: by the signal, with its own reason, or by the timer.
 * Interrupted work may still settle: a late rejection is ignored, the body of a late result is cancelled.
 */
export function interruptible<T>(work: () => Promise<T>, interruption: Interruption): Promise<T> {
  return new Promise((resolve, reject) => {
    const wait = new Wait(interruption, reject)
    if (!wait.open) return
    work().then(
      (value) => {
        if (wait.open) resolve(value)
        else discardBody(value)
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

/** Rejects as soon as the signal aborts or the time is up. The timer and the listener are removed before that. */
class Wait implements Timed {
  open = true
  readonly startedAt: number | undefined
  readonly #on: Interruption
  readonly #reject: (reason: unknown) => void

  constructor(on: Interruption, reject: (reason: unknown) => void) {
    this.startedAt = on.startedAt
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

/**
 * One signal that aborts with the first of two, with its reason. Linked by hand: a composite of `AbortSignal.any` takes
 * twelve times as long and, with a listener left on it, is kept by a long-lived source (nodejs/node#55351).
 */
export function linkSignals(...signals: readonly AbortSignal[]): { signal: AbortSignal; unlink: () => void } {
  const controller = new AbortController()
  const waits = signals.map((signal) => new Wait({ signal }, (reason) => controller.abort(reason)))
  return { signal: controller.signal, unlink: () => waits.forEach((wait) => wait.end()) }
}
