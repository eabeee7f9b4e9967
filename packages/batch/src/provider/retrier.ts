import { MAX_TIMER_MS } from '@harbor/parts'
import type { Clock } from '../clock.ts'

const FIRST_DELAY_MS = 1_000
const MAX_DELAY_MS = 60_000

export interface RetrierOptions {
  clock: Clock
  random: () => number
  maxCallAttempts: number
}

/** Retries calls to the provider, and waits between polls, until its signal aborts. */
export class Retrier {
  readonly signal: AbortSignal
  readonly #options: RetrierOptions

  constructor(options: RetrierOptions, signal: AbortSignal) {
    this.#options = options
    this.signal = signal
  }

  /** Waits `ms` milliseconds, lengthened or shortened at random by up to 25 %. */
  async wait(ms: number): Promise<void> {
    const { clock, random } = this.#options
    const jittered = Math.min(MAX_TIMER_MS, ms * (0.75 + random() / 2))
    if (clock.sleep) await this.untilAborted(clock.sleep(jittered, this.signal))
    else await this.#sleep(jittered)
  }

  /**
   * Makes a call. Repeats it after errors that may pass, up to `maxCallAttempts` attempts in total.
   *
   * @param isTransient returns true for an error that is normally final, but may pass in this call
   */
  async call<Result>(
    make: () => PromiseLike<Result>,
    isTransient?: (error: unknown) => boolean,
  ): Promise<Result> {
    for (let failures = 1; ; failures++) {
      try {
        return await this.untilAborted(make())
      } catch (error) {
        await this.afterFailure(error, failures, isTransient?.(error))
      }
    }
  }

  /**
   * Waits before the next attempt. Throws the error instead if retrying is pointless, or if all attempts are used up.
   *
   * @param failures how often the call has failed so far
   * @param isTransient whether the error may pass in this call, even if it is normally final
   */
  async afterFailure(error: unknown, failures: number, isTransient = false): Promise<void> {
    this.signal.throwIfAborted()
    if ((isFinal(error) && !isTransient) || failures >= this.#options.maxCallAttempts) throw error
    await this.wait(Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1)))
  }

  /** Settles like the promise. If the signal aborts while the promise is pending, rejects at once with the signal's reason. */
  untilAborted<Result>(promise: PromiseLike<Result>): Promise<Result> {
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
      await this.untilAborted(new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))))
    } finally {
      clearTimeout(timer)
    }
  }
}

/**
 * Whether retrying is pointless, because the provider would give the same answer again, or the client is closed. An error without a status means that
 * the provider has not answered, so it is worth retrying.
 */
export function isFinal(error: unknown): boolean {
  if ((error as { code?: unknown } | null | undefined)?.code === CLIENT_CLOSED) return true
  const status = statusOf(error)
  return status !== undefined && status >= 400 && status < 500 && ![408, 409, 429].includes(status)
}

/** The error code of a client that is closed, and so sends nothing more. */
const CLIENT_CLOSED = 'client_closed'

export function isNotFound(error: unknown): boolean {
  return statusOf(error) === 404
}

export function statusOf(error: unknown): number | undefined {
  const status = (error as { status?: unknown } | null | undefined)?.status
  return typeof status === 'number' ? status : undefined
}
