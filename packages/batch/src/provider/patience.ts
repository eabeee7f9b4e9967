import { LONGEST_TIMER_MS } from '@harbor/parts'
import type { Clock } from '../clock.ts'

const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 60_000
export interface PatienceOptions {
  clock: Clock
  random: () => number
  maxCallAttempts: number
}

/** Waits and tries again, until its signal aborts. */
export class Patience {
  readonly signal: AbortSignal
  readonly #options: PatienceOptions

  constructor(options: PatienceOptions, signal: AbortSignal) {
    this.#options = options
    this.signal = signal
  }

  /** Waits, give or take a quarter. */
  async wait(ms: number): Promise<void> {
    const { clock, random } = this.#options
    const jittered = Math.min(LONGEST_TIMER_MS, ms * (0.75 + random() / 2))
    if (clock.sleep) await this.until(clock.sleep(jittered, this.signal))
    else await this.#sleep(jittered)
  }

  /**
   * Makes a call that may be repeated, as often as it fails without a final answer.
   *
   * @param mayPass failures that are final elsewhere, but may pass here
   */
  async call<Result>(
    make: () => PromiseLike<Result>,
    mayPass?: (error: unknown) => boolean,
  ): Promise<Result> {
    for (let failures = 1; ; failures++) {
      try {
        return await this.until(make())
      } catch (error) {
        await this.afterFailure(error, failures, mayPass?.(error))
      }
    }
  }

  /** Waits before another attempt, or throws the error again if another one is of no use. */
  async afterFailure(error: unknown, failures: number, mayPass = false): Promise<void> {
    this.signal.throwIfAborted()
    if ((isFinal(error) && !mayPass) || failures >= this.#options.maxCallAttempts) throw error
    await this.wait(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1)))
  }

  /** Ends at the abort, with its reason, even if the promise is deaf to it. */
  until<Result>(promise: PromiseLike<Result>): Promise<Result> {
    const { signal } = this
    return new Promise((resolve, fail) => {
      const reject: (reason: unknown) => void = fail
      const onAbort = (): void => reject(signal.reason)
      const leave = (): void => signal.removeEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort)
      promise.then(resolve, reject).then(leave, leave)
    })
  }

  async #sleep(ms: number): Promise<void> {
    let timer
    try {
      await this.until(new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))))
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Whether the provider has answered, and would answer the same again. What has no status got no answer. */
function isFinal(error: unknown): boolean {
  if ((error as { code?: unknown } | null | undefined)?.code === CLIENT_CLOSED) return true
  const status = statusOf(error)
  return status !== undefined && status >= 400 && status < 500 && ![408, 409, 429].includes(status)
}

/** A client that is closed sends nothing more. */
const CLIENT_CLOSED = 'client_closed'

export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { status?: unknown } | null | undefined)?.status
  return typeof status === 'number' ? status : undefined
}
