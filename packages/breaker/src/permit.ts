import type { Call, Circuit } from './circuit.ts'

/**
 * The permission to make one call, whose end the caller reports later. Only the first report counts. A call without a report is
 * not counted, unless it is a probe: then it counts as failed after `probeTimeoutMs`.
 */
export interface Permit {
  /** Reports that the call succeeded. */
  succeed(): void
  /** Reports that the call failed with this error. `judge` decides how the error counts: normally as a failure. */
  fail(error?: unknown): void
  /** Ends the permit without counting the call, because the call was not made or was aborted by its caller. */
  release(): void
  /**
   * Reports that the answer has begun, for a call whose end is reported later, such as a stream. The duration of the
   * call ends here, and a probe no longer times out.
   */
  answered(): void
}

export class LivePermit implements Permit {
  readonly #circuit: Circuit
  readonly #call: Call

  /** @param circuit a circuit that does not refuse the call */
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
