import type { Call } from './call.ts'
import type { Circuit } from './circuit.ts'

/**
 * The permission to make one call. Report the end of the call by `succeed`, `fail` or `release`; only the first report counts. A call
 * without a report is not counted, but a probe without a report counts as failed after `probeTimeoutMs`.
 */
export interface Permit {
  /** Reports that the call succeeded. The call is counted as a success; the option `judge` is not called. */
  succeed(): void
  /**
   * Reports that the call failed with this error. The option `judge` decides how the error counts, normally as a failure; an AbortError is not
   * counted.
   */
  fail(error?: unknown): void
  /** Ends the permit without counting the call. Use it if the call was not made, or if its caller aborted it. */
  release(): void
  /**
   * Reports that a streamed answer has begun. Report its end later by `succeed`, `fail` or `release`. The duration of the call is measured
   * up to here, and a probe can no longer time out.
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
