import type { Answer } from '../answers/answer.ts'
import type { RecordedRequest } from '../journal.ts'
import { type Clock, processClock } from '../time/clock.ts'
import type { Wire } from '../wires/wire.ts'
import type { Limits } from './limits.ts'
import { QuotaMeter, type TokenCost } from './quota-meter.ts'

/** Whether the rate limits allow a call, and the headers for its answer. */
export interface Admission {
  /** The 429 to send instead of an answer; undefined if the call is admitted. */
  refusal: Answer | undefined
  /** The headers about limits, as name, value, name, value … */
  headers: readonly string[]
  /** Frees the concurrency slot of the call. It must be called when the call has ended. */
  release(): void
}

/** Allows or refuses calls by the quota of their model. */
export class RateLimits {
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #shared: QuotaMeter
  readonly #own: ReadonlyMap<string, QuotaMeter>

  constructor(limits: Limits, clock: Clock = processClock) {
    const now = clock.now()
    this.#clock = clock
    this.#limits = limits
    this.#shared = new QuotaMeter(limits, limits, now)
    this.#own = new Map(
      Object.entries(limits.models ?? {}).map(([model, quota]) => [
        model,
        new QuotaMeter(quota, limits, now),
      ]),
    )
  }

  /**
   * Allows a call, or refuses it.
   *
   * @param good the answer that the call gets if it is allowed; its `usage` determines the cost
   */
  admit(request: RecordedRequest, wire: Wire, good: Answer): Admission {
    const now = this.#clock.now()
    const { headers = 'all' } = this.#limits
    const meter = this.#own.get(request.model ?? '') ?? this.#shared
    const shortage = meter.take(this.#cost(request, wire, good), now)
    return {
      refusal: shortage && wire.error(wire.overLimit(shortage, request, headers === 'none'), request),
      headers: headers === 'all' ? wire.limitHeaders(meter.standing(now)) : [],
      release: () => {
        if (shortage === undefined) meter.release()
      },
    }
  }

  #cost(request: RecordedRequest, wire: Wire, { usage: { input, output } }: Answer): TokenCost {
    if (this.#limits.charge !== 'reserved' || input + output === 0) return { input, output }
    return { input, output: wire.demand(request).maxOutput ?? output }
  }
}
