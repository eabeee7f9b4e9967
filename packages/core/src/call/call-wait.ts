import { LONGEST_TIMER_MS } from '@harbor/parts'
import { remainingMs, type Exchange } from './exchange.ts'

/** A wait that ends with its call: when the caller leaves, and when the time of the call is up. */
export class CallWait {
  readonly #controller = new AbortController()
  readonly #caller: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout
  /** Whether the time of the call was up. */
  isOver = false

  constructor(exchange: Exchange) {
    this.#caller = exchange.signal
    this.#timer = setTimeout(this.#timeIsUp, Math.min(remainingMs(exchange), LONGEST_TIMER_MS))
    this.#timer.unref()
    if (this.#caller?.aborted) this.#left()
    else this.#caller?.addEventListener('abort', this.#left, { once: true })
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Nothing of it stays behind. */
  end(): void {
    clearTimeout(this.#timer)
    this.#caller?.removeEventListener('abort', this.#left)
  }

  readonly #timeIsUp = (): void => {
    this.isOver = true
    this.#controller.abort(new Error('the time of the call is up'))
  }

  readonly #left = (): void => this.#controller.abort(this.#caller?.reason)
}
