import type { Call, Circuit } from './circuit.ts'

/**
 * Leave for one call whose end comes later. Tell it how the call ended, once; what is told after that is ignored. A permit
 * that is lost counts for nothing, and a lost probe gives its slot back when its time is up.
 */
export interface Permit {
  succeed(): void
  /** Counts as `judge` says about this error: as a rule, a failure. */
  fail(error?: unknown): void
  /** No verdict: the call was not made, or was given up by its caller. */
  release(): void
  /** The answer has begun and the verdict comes later, as with a stream: the probe's time limit, and the call's duration, end here. */
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
