import type { Answer } from '../answers/answer.ts'
import { asObject, asString } from '../answers/json.ts'
import { demandOf, type ModelOperation } from '../answers/demand.ts'
import type { Limits } from './limits.ts'
import { goDuration } from './go-duration.ts'
import { QuotaMeter } from './quota-meter.ts'
import { refusal, retryHeaders } from './refusal.ts'

/** Whether a call may be answered now, and headers for its answer. */
export interface Admission {
  /** The 429 to send instead of an answer; undefined if the call is admitted. */
  refusal: Answer | undefined
  /** Further headers, as name, value, name, value … */
  headers: readonly string[]
  /** Frees the slot of the call. To be called when the call has ended. */
  release(): void
}

/** Admits calls within the quota of their model. */
export class RateLimits {
  readonly #limits: Limits
  readonly #shared: QuotaMeter
  readonly #own: ReadonlyMap<string, QuotaMeter>

  constructor(limits: Limits) {
    const now = performance.now()
    this.#limits = limits
    this.#shared = new QuotaMeter(limits, limits, now)
    this.#own = new Map(
      Object.entries(limits.models ?? {}).map(([model, quota]) => [
        model,
        new QuotaMeter(quota, limits, now),
      ]),
    )
  }

  /** @param good the answer that the call gets if it is admitted; its usage determines the cost */
  admit(operation: ModelOperation, body: unknown, good: Answer): Admission {
    const now = performance.now()
    const model = asString(asObject(body)['model'])
    const meter = this.#own.get(model) ?? this.#shared
    const shortage = meter.take(this.#price(operation, body, good), now)
    return {
      refusal: shortage && refusal(shortage, model),
      headers: [
        ...(this.#limits.headers === undefined || this.#limits.headers === 'all' ? standing(meter, now) : []),
        ...(shortage && this.#limits.headers !== 'none' ? retryHeaders(shortage) : []),
      ],
      release: () => {
        if (shortage === undefined) meter.release()
      },
    }
  }

  #price(operation: ModelOperation, body: unknown, { usage }: Answer): number {
    const total = usage.input + usage.output
    if (this.#limits.charge !== 'reserved' || total === 0) return total
    return usage.input + (demandOf(operation, asObject(body)).maxOutput ?? usage.output)
  }
}

function standing(meter: QuotaMeter, now: number): string[] {
  return meter
    .standing(now)
    .flatMap(({ kind, limit, remaining, resetMs }) => [
      `x-ratelimit-limit-${kind}`,
      String(limit),
      `x-ratelimit-remaining-${kind}`,
      String(remaining),
      `x-ratelimit-reset-${kind}`,
      goDuration(resetMs),
    ])
}
