import type { FailureKind } from '@harbor/retry'
import type { KeyState } from '../targets/key-state.ts'
import type { Provider } from '../targets/providers.ts'
import type { WaitReason } from '../reporting/attempt-record.ts'
import type { TargetStats } from '../reporting/target-stats.ts'
import type { Target } from '../reporting/target.ts'
import { FollowingController } from './following-controller.ts'
import type { LegGate } from './leg-gate.ts'

/** Why a call is served by a target that is not the first of its chain. */
export interface Takeover {
  /** The last target that failed; the first target of the chain if all targets before this one were skipped. */
  readonly from: string
  /** How the target `from` failed; `refused` if it was skipped. */
  readonly reason: FailureKind
  /** Why the target `from` was skipped, in words; undefined if it was called. */
  readonly skipped: string | undefined
}

/** The part of a call that takes place at one target. It holds the state that the layers below the fallback layer share. */
export class Leg {
  readonly target: Target
  readonly provider: Provider
  /** Changes made to the request for this target, in words. */
  adaptations: readonly string[] = []
  /** The number of attempts made at this target. */
  attempts = 0
  /**
   * Whether the circuit breaker of the target has counted a failure of this call. It counts at most one failure per call, so that one bad
   * request cannot open the circuit.
   */
  failureReported = false
  /** The key of the current attempt; undefined if the provider has one key. */
  key: KeyState | undefined
  /** Returns the time until one of the provider's keys is free, in milliseconds; undefined if the provider has one key. */
  keyFreeInMs: (() => number) | undefined
  /** Whether the target was called because another one was slow. */
  hedged = false
  /** Whether the attempts of the leg continue a stream that broke. */
  continues = false
  /** The state of the target's circuit when the current attempt was admitted; undefined without a circuit. */
  circuit: TargetStats['state'] | undefined
  /** The pause before the next attempt; undefined while there is none. */
  pause: { readonly reason: WaitReason; readonly startedAt: number } | undefined
  /**
   * Chooses `key`; undefined if the provider has one key.
   * @param held the limits in which the attempt has already reserved its part
   */
  chooseKey: ((held?: object) => void) | undefined
  /** The gate through which a bulk run can cancel the call until its request is sent; undefined outside of bulk runs. */
  gate: LegGate | undefined
  /**
   * When an attempt at this target must have ended, on the clock of the policy, because another target needs the rest of the call's time. Undefined if
   * only the usual timeouts apply.
   */
  endsAt: number | undefined
  /** Why this target took over; undefined at the first target of the chain. */
  readonly takeover: Takeover | undefined
  readonly #countOthers: (() => number) | undefined

  /** @param countOthers returns the number of other targets that can take over now. Called each time that number is needed */
  constructor(target: Target, provider: Provider, countOthers?: () => number, takeover?: Takeover) {
    this.target = target
    this.provider = provider
    this.#countOthers = countOthers
    this.takeover = takeover
  }

  /** The number of other targets that can take over now. */
  get others(): number {
    return this.#countOthers?.() ?? 0
  }

  get canMoveOn(): boolean {
    return this.others > 0
  }
}

/** The reason with which a request is aborted because another target has answered first. */
export class LostHedgeError extends Error {
  override readonly name = 'AbortError'
  readonly code = 'lost_hedge'

  constructor() {
    super('Another target has answered first.')
  }

  static is(error: unknown): error is LostHedgeError {
    return error instanceof Error && 'code' in error && error.code === 'lost_hedge'
  }
}

/**
 * The signal for one of several targets that are called at the same time (hedging). It aborts with the call, or when another target answers
 * first.
 */
export interface LegSignal {
  readonly signal: AbortSignal
  /** Called when this target has answered. From then on, the signal aborts only with the call. */
  won(): void
  /** Removes all listeners. */
  release(): void
}

/**
 * Makes the signal for a target that competes with others.
 * @param race aborts when another target has answered
 */
export function legSignal(
  { signal: call }: { readonly signal: AbortSignal | undefined },
  race: AbortSignal,
): LegSignal {
  const controller = new FollowingController(call)
  const lost = (): void => {
    controller.abort(call?.aborted ? call.reason : new LostHedgeError())
  }
  race.addEventListener('abort', lost)
  return {
    signal: controller.signal,
    won: () => {
      race.removeEventListener('abort', lost)
    },
    release: () => {
      controller.release()
      race.removeEventListener('abort', lost)
    },
  }
}
