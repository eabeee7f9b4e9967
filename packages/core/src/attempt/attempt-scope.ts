import { LONGEST_TIMER_MS } from '@harbor/parts'
import { TimeoutError } from '../base/errors.ts'
import type { Sent } from '../call/client-gate.ts'
import { LostHedgeError } from '../call/leg.ts'
import { remainingMs, type Exchange, type LegExchange } from '../call/exchange.ts'

/**
 * The life of one attempt: a signal for the transport that ends with the attempt's clock or with the call, and
 * a way to stop waiting at that moment, also for a transport that is deaf to its signal.
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
  /** Called with the reason, once, when the attempt is cut short. */
  onAbort: ((reason: unknown) => void) | undefined
  /** Called instead of an abort when the client is closed, by an answer that its caller has. */
  onCut: ((reason: Error) => void) | undefined

  /** @param honoursSignal whether what is waited for ends by itself when the signal aborts */
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

  /** Resolves with `work`, or rejects as soon as the attempt is cut short. */
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

  /** The caller has the answer: from here on only the caller can cut it short, by whatever means. */
  handOver(): void {
    this.#handedOver = true
    this.#stopClock()
  }

  /** The attempt is over; nothing of it stays behind. */
  close(): void {
    this.#stopClock()
    this.#exchange.signal?.removeEventListener('abort', this.#outerAborted)
  }

  /** After a blocked event loop the answer may lie in the socket: it has one turn to be read. */
  #arm(ms: number, onTime: () => void): void {
    this.#timer = setTimeout(
      () => {
        this.#lastTurn = setImmediate(onTime)
      },
      Math.min(ms, LONGEST_TIMER_MS),
    )
    this.#timer.unref()
  }

  #stopClock(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#lastTurn)
  }

  /** Somebody with more time may have come to share the call. */
  readonly #totalUp = (): void => {
    const leftMs = remainingMs(this.#exchange)
    if (leftMs > 1) this.#arm(leftMs, this.#totalUp)
    else this.abort(new TimeoutError('total', this.#exchange.policy.totalMs))
  }

  readonly #outerAborted = (): void => {
    this.abort(this.#handedOver ? this.#exchange.signal?.reason : endReason(this.#exchange))
  }
}

/** While another target can take over, one that hangs must leave it time. */
function attemptLimitMs({ policy, leg }: LegExchange, leftMs: number): number {
  return policy.attemptMs === Infinity && leg.canMoveOn ? leftMs / 2 : policy.attemptMs
}

/** Why the outer signal fired: because of the caller, because another target was faster, or because the SDK's own timer ran out. */
export function endReason(exchange: Exchange): unknown {
  const { signal, callerSignal, policy } = exchange
  if (callerSignal?.aborted) return callerSignal.reason
  if (LostHedgeError.is(signal?.reason)) return signal.reason
  return new TimeoutError('total', policy.totalMs, signal?.reason)
}
