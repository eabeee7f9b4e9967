import { MAX_TIMER_MS } from '@harbor/parts'
import { TimeoutError } from '../base/errors.ts'
import type { Sent } from '../call/client-gate.ts'
import { LostHedgeError } from '../call/leg.ts'
import type { ResumableSource } from '../stream/resumable-source.ts'
import { remainingMs, type Exchange, type LegExchange } from '../call/exchange.ts'

/**
 * The lifetime of one attempt. Its signal aborts at the timeout of the attempt, or together with the call, and is passed to the transport.
 * `wait()` stops waiting at that moment, even if the transport ignores the signal.
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
  /** Called instead of `onAbort` when the client is closed while the caller is still reading the answer. */
  onCut: ((reason: Error) => void) | undefined

  /** Called when the answer turns out to be a stream. Returns a function that is called for each event with content, if any is needed. */
  onStream: (() => (() => void) | undefined) | undefined

  /** Makes the source that survives the connection of a stream; undefined if the stream is not resumed. */
  resumable: ((response: Response) => ResumableSource) | undefined

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
   * Called when the answer was passed to the caller. From then on, the timeouts of the attempt no longer apply, and when the signal of the
   * call aborts, the reason of that signal is used, which may be any value.
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
   * Calls `onTime` after `ms` milliseconds and one more turn of the event loop. The extra turn is for an answer that arrived while the loop
   * was blocked: it can still be read.
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
   * Called when the call's time may be up. Ends the attempt, unless a caller with more time has joined the call meanwhile, which moves the
   * deadline.
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
 * Returns the timeout of an attempt, in milliseconds. If no timeout is set and another target can take over, it is half of the remaining
 * time of the call, or the time that is left until the target must have answered.
 */
function attemptLimitMs({ policy, leg, perCall }: LegExchange, leftMs: number): number {
  const limitMs = perCall.timeouts?.attemptMs ?? leg.target.attemptMs ?? policy.attemptMs
  if (leg.endsAt !== undefined) return Math.max(1, Math.min(limitMs, leg.endsAt - policy.clock.now()))
  return limitMs === Infinity && leg.canMoveOn ? leftMs / 2 : limitMs
}

/**
 * Returns the reason why the call's signal aborted. It is the caller's own reason, or a LostHedgeError if another target has answered
 * first. Otherwise the SDK's timer has run out, and the reason is a TimeoutError.
 */
export function endReason(exchange: Exchange): unknown {
  const { signal, callerSignal, policy } = exchange
  if (callerSignal?.aborted) return callerSignal.reason
  if (LostHedgeError.is(signal?.reason)) return signal.reason
  return new TimeoutError('total', policy.totalMs, signal?.reason)
}
