import type { Exchange } from '../call/exchange.ts'
import type { Target } from '../reporting/target.ts'
import type { Ladder } from '../targets/plan.ts'
import { whyUnable } from './capabilities.ts'
import { contextFit } from './context-window.ts'
import type { Health } from './health.ts'
import type { KeyedRequest } from './key-rings.ts'
import type { TierState } from './next-tier.ts'

/** How soon a tier is looked at again whose limits or circuit do not say when they have room, in milliseconds. */
const LOOK_AGAIN_MS = 1_000

/** The parts of a call that may wait on which its choice of a tier depends. */
type DeferredCall = KeyedRequest & Pick<Exchange, 'policy' | 'operation' | 'json' | 'streaming'>

/**
 * Returns what is known now about the tiers on which a call may be answered.
 * @param limitMs returns how long the call would wait for the rate limits of a target, in milliseconds
 */
export function tierStates(
  call: DeferredCall,
  { cheaper, standard }: Pick<Ladder, 'cheaper' | 'standard'>,
  { health, limitMs }: { readonly health: Health; readonly limitMs: (target: Target) => number },
): Map<Target, TierState> {
  const { policy, operation, json, streaming } = call
  const now = policy.clock.now()
  const tooLong = contextFit(operation, json)
  const stateOf = (target: Target): TierState => {
    const provider = policy.routes.providerOf(target)
    const limitedMs = Math.min(limitMs(target), MAX_LIMIT_MS)
    const circuitMs = health.isAvailable(target)
      ? 0
      : Math.max(health.breakerOf(target)?.retryAfterMs ?? 0, LOOK_AGAIN_MS)
    const restMs = Math.max(health.cooldowns.remainingMs(target, provider, call), circuitMs)
    return {
      latency: health.latencies.of(target, streaming, now),
      readyInMs: Math.max(restMs, limitedMs),
      isLimited: limitedMs > restMs,
      unable: whyUnable(target, provider, call) ?? tooLong(target),
    }
  }
  return new Map([...cheaper, standard].map((target) => [target, stateOf(target)]))
}

/** The longest wait for limits before they are looked at again, in milliseconds. They may be unknown until the first answers arrive. */
const MAX_LIMIT_MS = LOOK_AGAIN_MS
