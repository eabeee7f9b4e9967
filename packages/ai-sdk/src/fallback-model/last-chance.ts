import type { HealthBoard } from '@harbor/fallback'
import type { CallState } from './next-step.ts'
import type { Target } from './targets.ts'

/** The maximum number of calls in flight to targets whose circuits refuse them. */
const MAX_LAST_CHANCES = 10

/**
 * Lets a call through to a target whose circuit refuses it, if no other target has answered: the target may work again, or still answer some
 * of its calls. The number of such calls in flight is limited, so that the other calls fail at once while a provider does not answer at all.
 */
export class LastChances {
  #inFlight = 0

  /**
   * Returns the target with the best success ratio among those that were refused only because of their circuits; `undefined` if there is
   * none, or if the call has no request or time left. If it returns a target, call `end()` later.
   */
  begin<Model>(
    targets: readonly Target<Model>[],
    state: CallState,
    health: HealthBoard,
  ): Target<Model> | undefined {
    const { receipt, maxUpstreamCalls, signal } = state
    if (this.#inFlight >= MAX_LAST_CHANCES || signal?.aborted || state.leftMs() <= 0) return undefined
    if (receipt.upstreamCalls >= maxUpstreamCalls) return undefined
    const called = new Set(receipt.attempts.map(({ target }) => target))
    const refused = targets.filter(
      (target) =>
        target.cooldownMs === 0 &&
        target.refusal() !== undefined &&
        !called.has(target.name) &&
        !state.unable.has(target),
    )
    const ratios = new Map(refused.map((target) => [target, health.get(target.name).successRatio]))
    const best = refused.toSorted((one, other) => (ratios.get(other) ?? 0) - (ratios.get(one) ?? 0))[0]
    if (best) this.#inFlight++
    return best
  }

  end(): void {
    this.#inFlight--
  }
}
