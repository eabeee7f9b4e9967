import { MAX_TIMER_MS } from '@harbor/parts'
import { TimeoutError } from '../base/errors.ts'
import type { Sent } from '../call/client-gate.ts'
import { LostHedgeError } from '../call/leg.ts'
import type { ResumableSource } from '../stream/resumable-source.ts'
import type { Exchange, LegExchange } from '../call/exchange.ts'

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
    this.#watchClock(exchange.policy.clock.now())
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
   * Sets the timer to the end of the attempt. If a caller with more time joins the call meanwhile, the deadline of the call moves, and with it a
   * timeout that is derived from it, so the timer is set again for the rest. Before the attempt is ended, the event loop has one more turn. It is for
   * an answer that arrived while the loop was blocked: it can still be read.
   *
   * @param usedMs the time after which the timer has fired, in milliseconds
   */
  #watchClock(startedAt: number, usedMs = 0): void {
    const exchange = this.#exchange
    const { attemptMs, totalMs } = limitsOf(exchange, startedAt)
    const leftMs = Math.min(Math.min(attemptMs, totalMs) - usedMs, MAX_TIMER_MS)
    if (!this.#timer || leftMs > 1) {
      const watchAgain = (): void => this.#watchClock(startedAt, usedMs + leftMs)
      this.#timer = setTimeout(() => {
        this.#lastTurn = setImmediate(watchAgain)
      }, leftMs)
      this.#timer.unref()
    } else if (attemptMs < totalMs) this.abort(new TimeoutError('attempt', attemptMs))
    else this.abort(new TimeoutError('total', exchange.policy.totalMs))
  }

  #stopClock(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#lastTurn)
  }

  readonly #outerAborted = (): void => {
    this.abort(this.#handedOver ? this.#exchange.signal?.reason : endReason(this.#exchange))
  }
}

/**
 * Returns the time limits of an attempt, counted from its start, in milliseconds: its timeout, and the time until the deadline of its call. If
 * no timeout is set and another target can take over, it is half of the time until the deadline, or the time until the target must have answered.
 */
export function limitsOf(
  { deadline, policy, leg, perCall }: LegExchange,
  startedAt: number,
): { attemptMs: number; totalMs: number } {
  const totalMs = Math.max(0, deadline.at - startedAt)
  let attemptMs = perCall.timeouts?.attemptMs ?? leg.target.attemptMs ?? policy.attemptMs
  if (leg.endsAt !== undefined) attemptMs = Math.max(1, Math.min(attemptMs, leg.endsAt - startedAt))
  else if (attemptMs === Infinity && leg.canMoveOn) attemptMs = totalMs / 2
  return { attemptMs, totalMs }
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
