import type { Call, Circuit } from './circuit.ts'

/**
 * The right to make one call, whose end is reported later. Only the first report counts. A permit that is dropped without a
 * report is not counted; if it was a probe, its slot is free again after `probeTimeoutMs`.
 */
export interface Permit {
  succeed(): void
  /** Counts what `judge` returns for this error: normally a failure. */
  fail(error?: unknown): void
  /** The call is not counted: it was not made, or its caller gave it up. */
  release(): void
  /** The answer has begun and its end is reported later, as with a stream. Ends the probe's time limit and the call's duration. */
  answered(): void
}

export class LivePermit implements Permit {
  readonly #circuit: Circuit
  readonly #call: Call

  /** For a call that was not refused. */
  constructor(circuit: Circuit) {
    this.#circuit = circuit
    this.#call = circuit.admit()
  }

  succeed(): void {
    this.#circuit.settle(this.#call, 'success')
  }

  fail(error?: unknown): void {
    this.#circuit.judge(this.#call, false, error)
  }

  release(): void {
    this.#circuit.settle(this.#call, 'ignore')
  }

  answered(): void {
    this.#circuit.answered(this.#call, this)
  }
}
