import type { FailureKind } from '@harbor/retry'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'
import type { LegGate } from './leg-gate.ts'

/** Why a call is at a target that is not the first of its chain. */
export interface Takeover {
  /** The target that failed last; if none was called, the first one of the chain. */
  readonly from: string
  /** How it failed; `refused` if it was skipped. */
  readonly reason: FailureKind
  /** Why it was skipped, in words; undefined if it was called. */
  readonly skipped: string | undefined
}

/** The part of a call that takes place at one target: state that the layers below the fallback share. */
export class Leg {
  readonly target: Target
  readonly provider: Provider
  /** Changes made to the request for this target, in words. */
  adaptations: readonly string[] = []
  /** Attempts made here. */
  attempts = 0
  /** Whether the breaker has counted a failure of this call. It counts one, however many attempts fail: one bad request must not open a circuit. */
  failureReported = false
  /** Set for a call that can be cancelled while its request is not sent. */
  gate: LegGate | undefined
  /** Why the call is here; undefined at the first target of its chain. */
  readonly takeover: Takeover | undefined
  readonly #countOthers: (() => number) | undefined

  /** @param countOthers returns how many other targets could take over now; called each time that matters */
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

/** The reason with which an attempt is aborted when another target has answered first. */
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

/** The signal of one of several legs that run at once: aborts with the call, or when another leg was faster. */
export interface LegSignal {
  readonly signal: AbortSignal
  /** This leg has answered: from now on only the call aborts it. */
  won(): void
  /** Removes all listeners. */
  release(): void
}

/** @param race aborts when another leg has answered */
export function legSignal(
  { signal: call }: { readonly signal: AbortSignal | undefined },
  race: AbortSignal,
): LegSignal {
  const controller = new AbortController()
  const ended = (): void => {
    controller.abort(call?.reason)
  }
  const lost = (): void => {
    controller.abort(call?.aborted ? call.reason : new LostHedgeError())
  }
  if (call?.aborted) ended()
  call?.addEventListener('abort', ended)
  race.addEventListener('abort', lost)
  return {
    signal: controller.signal,
    won: () => {
      race.removeEventListener('abort', lost)
    },
    release: () => {
      call?.removeEventListener('abort', ended)
      race.removeEventListener('abort', lost)
    },
  }
}
