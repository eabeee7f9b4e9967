import type { Provider } from '../targets/providers.ts'
import type { Target } from '../targets/target.ts'

/** One call's stay at one target: what the layers below the fallback know of it, and note. */
export class Leg {
  readonly target: Target
  readonly provider: Provider
  /** What was changed in the request for this target, in words. */
  adaptations: readonly string[] = []
  /** Attempts made here. */
  attempts = 0
  /** The breaker hears of one failure of a call, however often it was tried: one bad request opens nothing. */
  failureReported = false
  readonly #othersCan: (() => boolean) | undefined

  /** @param othersCan whether another target could take over now, asked when it matters */
  constructor(target: Target, provider: Provider, othersCan?: () => boolean) {
    this.target = target
    this.provider = provider
    this.#othersCan = othersCan
  }

  /** Whether another target can take over now. */
  get canMoveOn(): boolean {
    return this.#othersCan?.() ?? false
  }
}
