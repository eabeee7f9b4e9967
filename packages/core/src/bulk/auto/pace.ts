/** The assumed duration of a direct call before one was measured, in milliseconds. Long on purpose: calls then begin too early, not too late. */
const ASSUMED_CALL_MS = 15_000
/** By how much the calls may be slower than measured: calls that take over from a batch all come at once, and some of them are retried. */
const MARGIN = 1.5
/** The number of the latest calls whose durations are remembered. */
const MAX_SAMPLES = 64

export interface PaceOptions {
  /** The maximum number of calls in flight. */
  readonly concurrency: number
  /** Returns the number of requests per millisecond that the rate limits allow; Infinity if no limit is known. */
  readonly limitPerMs: () => number
  /** The duration of a call as measured before the run, in milliseconds; undefined if none was measured. */
  readonly callMs?: number | undefined
}

/** How fast direct calls are: by the durations of the latest calls, and by the rate limits. */
export class Pace {
  readonly #options: PaceOptions
  readonly #samples: number[] = []

  constructor(options: PaceOptions) {
    this.#options = options
  }

  /** Notes the duration of a direct call that was answered, in milliseconds. */
  note(durationMs: number): void {
    this.#samples.push(durationMs)
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift()
  }

  /** The mean duration of a call, in milliseconds. */
  get callMs(): number {
    const { length } = this.#samples
    if (length === 0) return this.#options.callMs ?? ASSUMED_CALL_MS
    return Math.max(1, this.#samples.reduce((sum, each) => sum + each, 0) / length)
  }

  /** The duration that nearly every call keeps to, in milliseconds. */
  get slowCallMs(): number {
    return Math.max(3 * this.callMs, ...this.#samples)
  }

  /** The number of calls per millisecond. */
  get perMs(): number {
    return Math.min(this.#options.concurrency / this.callMs, this.#options.limitPerMs())
  }

  /** Returns the time that this number of direct calls takes, in milliseconds, with a margin. */
  callsMs(count: number): number {
    return count <= 0 ? 0 : (MARGIN * count) / this.perMs + this.slowCallMs
  }

  /** Returns how many direct calls surely fit into this time, in milliseconds. */
  fitting(ms: number): number {
    return Math.max(0, Math.floor(((ms - this.slowCallMs) * this.perMs) / MARGIN))
  }
}
