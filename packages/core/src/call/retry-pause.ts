import type { ClientGate, Waiting } from './client-gate.ts'
import type { Exchange } from './exchange.ts'

/** The pauses between the attempts of a call: they end with the call, and when its client is closed. Attempts end with the call alone. */
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

  /** Waits for an attempt. When it fails, a pause begins. */
  async during<Answer>(attempt: Promise<Answer>): Promise<Answer> {
    this.#client.waited(this)
    try {
      return await attempt
    } catch (error) {
      this.#client.waits(this)
      throw error
    }
  }

  /** A failure that ends the call does so before the next turn, and is its result; one that would be retried waits now. */
  callOff(reason: Error): void {
    this.#nextTurn = setImmediate(() => this.#controller.abort(reason))
  }

  /** Nothing of it stays behind. */
  end(): void {
    clearImmediate(this.#nextTurn)
    this.#client.waited(this)
    this.#call?.removeEventListener('abort', this.#onCallEnd)
  }

  readonly #onCallEnd = (): void => this.#controller.abort(this.#call?.reason)
}
