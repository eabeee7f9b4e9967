import type { ClientGate, Waiting } from './client-gate.ts'
import type { Exchange } from './exchange.ts'
import { FollowingController } from './following-controller.ts'

/**
 * The pauses of a call between its attempts. A pause ends early when the call is aborted or the client is closed. An attempt, in contrast,
 * is ended only by an abort of the call.
 */
export class RetryPause implements Waiting {
  previous: Waiting | undefined
  next: Waiting | undefined
  readonly #client: ClientGate
  readonly #controller: FollowingController
  #nextTurn: NodeJS.Immediate | undefined

  constructor({ client, signal }: Pick<Exchange, 'client' | 'signal'>) {
    this.#client = client
    this.#controller = new FollowingController(signal)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Awaits an attempt. A pause begins if the attempt fails. */
  async during<Answer>(attempt: Promise<Answer>): Promise<Answer> {
    this.#client.waited(this)
    try {
      return await attempt
    } catch (error) {
      this.#client.waits(this)
      throw error
    }
  }

  /**
   * Ends the pause in the next turn of the event loop, with this reason. A call that will not retry has ended by then, with its own error.
   */
  callOff(reason: Error): void {
    this.#nextTurn = setImmediate(() => this.#controller.abort(reason))
  }

  /** Clears the timer and removes all listeners. */
  end(): void {
    clearImmediate(this.#nextTurn)
    this.#client.waited(this)
    this.#controller.release()
  }
}
