import type { BulkContext } from '@harbor/batch'
import type { SendGate, SendPhase } from '../options/send-gate.ts'

/**
 * Reports to a bulk run what the call for one of its items is doing: that it waits for a limit or for a retry, and how many requests it has
 * sent.
 */
export class CallWatch implements SendGate {
  readonly closing: AbortSignal
  readonly #context: BulkContext
  readonly #onSent: () => void
  #requests = 0
  #endWait: (() => void) | undefined

  /** @param onSent called each time the call sends a request */
  constructor(context: BulkContext, onSent: () => void) {
    this.#context = context
    this.#onSent = onSent
    this.closing = context.stopSignal
  }

  onPhase(phase: SendPhase): void {
    this.#endWait?.()
    this.#endWait = undefined
    if (phase === 'limit') this.#endWait = this.#context.waits('rate')
    else if (phase === 'retry') this.#endWait = this.#context.waits('retry')
    else if (phase === 'sent') this.#noteSent()
  }

  #noteSent(): void {
    this.#onSent()
    if (++this.#requests > 1) this.#context.report({ attempts: this.#requests })
  }
}
