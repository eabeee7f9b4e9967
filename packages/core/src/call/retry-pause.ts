import type { ClientGate, Waiting } from './client-gate.ts'
import type { Exchange } from './exchange.ts'

/** The pauses between the attempts of a call. They are aborted with the call and when its client is closed; attempts only with the call. */
export class RetryPause implements Waiting {
  previous: Waiting | undefined
  next: Waiting | undefined
  readonly #client: ClientGate
  readonly #call: AbortSignal | undefined
  readonly #controller = new AbortController()
  #nextTurn: NodeJS.Immediate | undefined

  constructor({ client, signal }: Pick<Exchange, 'client' | 'signal'>) {
    this.#client = client
    this.#call = signal
    if (signal?.aborted) this.#onCallEnd()
    else signal?.addEventListener('abort', this.#onCallEnd)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Awaits an attempt. If it fails, a pause begins. */
  async during<Answer>(attempt: Promise<Answer>): Promise<Answer> {
    this.#client.waited(this)
    try {
      return await attempt
    } catch (error) {
      this.#client.waits(this)
      throw error
    }
  }

  /** A failure that ends the call ends it before the next turn of the event loop. One that is retried is still waiting then. */
  callOff(reason: Error): void {
    this.#nextTurn = setImmediate(() => this.#controller.abort(reason))
  }

  /** Clears the timer and removes all listeners. */
  end(): void {
    clearImmediate(this.#nextTurn)
    this.#client.waited(this)
    this.#call?.removeEventListener('abort', this.#onCallEnd)
  }

  readonly #onCallEnd = (): void => this.#controller.abort(this.#call?.reason)
}
