import { FollowingController } from './following-controller.ts'
import type { SendGate, SendPhase } from '../options/send-gate.ts'

/**
 * Connects a call at one target with the `SendGate` of its bulk run. `signal` aborts when the call aborts. It also aborts when the gate has
 * closed and the call has no request on the wire.
 */
export class LegGate {
  readonly #gate: SendGate
  readonly #controller: FollowingController
  #phase: SendPhase = 'limit'

  constructor(gate: SendGate, call: AbortSignal | undefined) {
    this.#gate = gate
    this.#controller = new FollowingController(call)
    gate.closing.addEventListener('abort', this.#onClosing)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  enter(phase: SendPhase): void {
    this.#phase = phase
    this.#gate.onPhase(phase)
  }

  /** Sends a request, unless the gate has closed. */
  async send<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    this.#gate.closing.throwIfAborted()
    this.enter('sent')
    try {
      return await request()
    } catch (error) {
      this.enter('retry')
      // If the gate closed during the request, a call that waits for a retry must be aborted, but one that does not retry must keep its own
      // error. In the next turn of the event loop, a call that does not retry has left this target.
      if (this.#gate.closing.aborted) setImmediate(this.#onClosing)
      throw error
    }
  }

  /** Called when the call leaves this target. Removes all listeners. */
  close(): void {
    this.enter('over')
    this.#controller.release()
    this.#gate.closing.removeEventListener('abort', this.#onClosing)
  }

  readonly #onClosing = (): void => {
    if (this.#phase === 'limit' || this.#phase === 'retry') this.#controller.abort(this.#gate.closing.reason)
  }
}
