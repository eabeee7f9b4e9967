import { MAX_TIMER_MS } from '@harbor/parts'
import { pause } from '../base/pause.ts'
import type { ClientGate, Waiting } from './client-gate.ts'
import { remainingMs, type Exchange } from './exchange.ts'
import { FollowingController } from './following-controller.ts'

/**
 * The wait of a call before a request is sent. It ends early when the caller aborts, when the time of the call is up, or when the client is
 * closed.
 */
export class CallWait implements Waiting {
  previous: Waiting | undefined
  next: Waiting | undefined
  readonly #client: ClientGate
  readonly #controller: FollowingController
  readonly #stopClock: () => void
  /** Whether the wait ended because the time of the call was up. */
  isOver = false

  constructor(exchange: Exchange) {
    this.#controller = new FollowingController(exchange.signal)
    this.#client = exchange.client
    this.#stopClock = whenTimeIsUp(exchange, this.#timeIsUp)
    this.#client.waits(this)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Called when the request is sent. From then on, `close()` of the client no longer ends the wait. */
  sent(): void {
    this.#client.waited(this)
  }

  /**
   * Waits for `ms` milliseconds.
   * @throws the reason of the signal, as soon as the wait is ended early
   */
  async pause(ms: number): Promise<void> {
    const { signal } = this
    await pause(ms, signal)
    signal.throwIfAborted()
  }

  callOff(reason: Error): void {
    this.#controller.abort(reason)
  }

  /** Clears the timer and removes all listeners. */
  end(): void {
    this.#stopClock()
    this.#client.waited(this)
    this.#controller.release()
  }

  readonly #timeIsUp = (): void => {
    this.isOver = true
    this.#controller.abort(new Error('the time of the call is up'))
  }
}

/**
 * Calls a function when the time of a call is up. When a caller with more time joins the call, its deadline moves, so the time that is left
 * is read again when the timer fires. The timer does not keep the process alive.
 *
 * @returns a function that stops the timer
 */
export function whenTimeIsUp(
  exchange: Pick<Exchange, 'deadline' | 'policy'>,
  timeIsUp: () => void,
): () => void {
  let timer: NodeJS.Timeout
  const wait = (leftMs: number): void => {
    timer = setTimeout(check, Math.min(leftMs, MAX_TIMER_MS)).unref()
  }
  const check = (): void => {
    const leftMs = remainingMs(exchange)
    if (leftMs > 1) wait(leftMs)
    else timeIsUp()
  }
  wait(remainingMs(exchange))
  return () => clearTimeout(timer)
}
