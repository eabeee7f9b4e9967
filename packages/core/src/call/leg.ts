import type { LegGate } from './leg-gate.ts'
import type { FailureKind } from '@harbor/retry'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'

/** Why a call is at a target that is not the first of its chain. */
export interface Takeover {
  /** The target that failed last, or else the first one, which was left out. */
  readonly from: string
  /** What it failed with; `refused` if it was left out. */
  readonly reason: FailureKind
  /** Why it was left out, in words; undefined if it was called. */
  readonly skipped: string | undefined
}

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
  /** Keeps what is not sent from being sent, for a call that may be called off. */
  gate: LegGate | undefined
  /** Why the call is here, if this is not the first target of its chain. */
  readonly takeover: Takeover | undefined
  readonly #countOthers: (() => number) | undefined

  /** @param countOthers how many other targets could take over now, asked when it matters */
  constructor(target: Target, provider: Provider, countOthers?: () => number, takeover?: Takeover) {
    this.target = target
    this.provider = provider
    this.#countOthers = countOthers
    this.takeover = takeover
  }

  /** How many other targets can take over now. */
  get others(): number {
    return this.#countOthers?.() ?? 0
  }

  get canMoveOn(): boolean {
    return this.others > 0
  }
}
