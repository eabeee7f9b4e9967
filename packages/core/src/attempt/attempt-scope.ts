import { MAX_TIMER_MS } from '@harbor/parts'
import { TimeoutError } from '../base/errors.ts'
import type { Sent } from '../call/client-gate.ts'
import { LostHedgeError } from '../call/leg.ts'
import { remainingMs, type Exchange, type LegExchange } from '../call/exchange.ts'

/**
 * The lifetime of one attempt. The transport gets its signal, which aborts at the attempt's timeout or together with the call. `wait()`
 * stops waiting at that moment, even if the transport ignores the signal.
 */
export class AttemptScope implements Sent {
  previous: Sent | undefined
  next: Sent | undefined
  isAwaited: boolean | undefined
  readonly #controller = new AbortController()
  readonly #exchange: LegExchange
  readonly #honoursSignal: boolean
  #timer: ReturnType<typeof setTimeout> | undefined
  #lastTurn: ReturnType<typeof setImmediate> | undefined
  #handedOver = false
  #interrupt: ((reason: unknown) => void) | undefined
  /** Called once, with the reason, when the attempt is aborted. */
  onAbort: ((reason: unknown) => void) | undefined
  /** Called instead of `onAbort` when the client is closed after the caller has got the answer. */
  onCut: ((reason: Error) => void) | undefined

  /** @param honoursSignal whether the transport rejects by itself as soon as its signal aborts */
  constructor(exchange: LegExchange, honoursSignal = false) {
    this.#exchange = exchange
    this.#honoursSignal = honoursSignal
    exchange.signal?.addEventListener('abort', this.#outerAborted)
    const leftMs = remainingMs(exchange)
    const attemptMs = attemptLimitMs(exchange, leftMs)
    if (attemptMs < leftMs) this.#arm(attemptMs, () => this.abort(new TimeoutError('attempt', attemptMs)))
    else this.#arm(leftMs, this.#totalUp)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Resolves with the result of `work`, or rejects as soon as the attempt is aborted. */
  wait<T>(work: Promise<T>): Promise<T> {
    return this.#honoursSignal ? work : this.#waitFor(work)
  }

  async #waitFor<T>(work: Promise<T>): Promise<T> {
    if (this.signal.aborted) {
      work.catch(() => undefined)
      throw this.signal.reason
    }
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#interrupt = reject
        work.then(resolve, reject)
      })
    } finally {
      this.#interrupt = undefined
    }
  }

  abort(reason: unknown): void {
    if (this.signal.aborted) return
    this.close()
    this.#controller.abort(reason)
    this.#interrupt?.(reason)
    this.onAbort?.(reason)
  }

  cut(reason: Error): void {
    if (this.onCut) this.onCut(reason)
    else this.abort(reason)
  }

  /**
   * Called when the answer was passed to the caller. From then on, only the caller's signal can abort the attempt. Its reason may be any
   * value.
   */
  handOver(): void {
    this.#handedOver = true
    this.#stopClock()
  }

  /** Called when the attempt is over. Clears its timers and listeners. */
  close(): void {
    this.#stopClock()
    this.#exchange.signal?.removeEventListener('abort', this.#outerAborted)
  }

  /**
   * Calls `onTime` after `ms` milliseconds and one more turn of the event loop. In that turn, an answer that arrived while the loop was
   * blocked can still be read.
   */
  #arm(ms: number, onTime: () => void): void {
    this.#timer = setTimeout(
      () => {
        this.#lastTurn = setImmediate(onTime)
      },
      Math.min(ms, MAX_TIMER_MS),
    )
    this.#timer.unref()
  }

  #stopClock(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#lastTurn)
  }

  /**
   * Ends the attempt if the call's time is up. If a caller with more time has joined the call meanwhile, the deadline has moved, and the
   * attempt goes on.
   */
  readonly #totalUp = (): void => {
    const leftMs = remainingMs(this.#exchange)
    if (leftMs > 1) this.#arm(leftMs, this.#totalUp)
    else this.abort(new TimeoutError('total', this.#exchange.policy.totalMs))
  }

  readonly #outerAborted = (): void => {
    this.abort(this.#handedOver ? this.#exchange.signal?.reason : endReason(this.#exchange))
  }
}

/**
 * The timeout of an attempt, in milliseconds. If the user set none, and another target can take over, an attempt may use half of the
 * remaining time.
 */
function attemptLimitMs({ policy, leg }: LegExchange, leftMs: number): number {
  return policy.attemptMs === Infinity && leg.canMoveOn ? leftMs / 2 : policy.attemptMs
}

/**
 * The reason for which the call's signal aborted: the caller's own reason, or that the call lost a hedge. If it is neither, the SDK's timer
 * ran out, and the reason is a timeout error.
 */
export function endReason(exchange: Exchange): unknown {
  const { signal, callerSignal, policy } = exchange
  if (callerSignal?.aborted) return callerSignal.reason
  if (LostHedgeError.is(signal?.reason)) return signal.reason
  return new TimeoutError('total', policy.totalMs, signal?.reason)
}
