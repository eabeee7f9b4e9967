import type { Exchange } from '../call/exchange.ts'
import type { Quotas } from '../limits/quotas.ts'
import type { Target } from '../reporting/target.ts'
import type { Ladder } from '../targets/routes.ts'
import { whyUnable } from './capabilities.ts'
import { contextFit } from './context-window.ts'
import type { Health } from './health.ts'
import type { TierState } from './next-tier.ts'

/** How soon a tier is looked at again whose limits or circuit do not say when they have room, in milliseconds. */
const LOOK_AGAIN_MS = 1_000

/** Returns what is known now about the tiers on which a call may be answered. */
export function tierStates(
  exchange: Exchange,
  { cheaper, standard }: Ladder,
  { health, quotas }: { readonly health: Health; readonly quotas: Pick<Quotas, 'waitMs'> },
): Map<Target, TierState> {
  const { policy, operation, json, streaming } = exchange
  const now = policy.clock.now()
  const tooLong = contextFit(operation, json)
  const stateOf = (target: Target): TierState => {
    const provider = policy.routes.providerOf(target)
    const limitedMs = Math.min(quotas.waitMs(target, exchange), MAX_LIMIT_MS)
    const circuitMs = health.isAvailable(target)
      ? 0
      : Math.max(health.breakerOf(target)?.retryAfterMs ?? 0, LOOK_AGAIN_MS)
    const restMs = Math.max(health.cooldowns.remainingMs(target, provider, exchange), circuitMs)
    return {
      latency: health.latencies.of(target, streaming, now),
      readyInMs: Math.max(restMs, limitedMs),
      isLimited: limitedMs > restMs,
      unable: whyUnable(target, provider, exchange) ?? tooLong(target),
    }
  }
  return new Map([...cheaper, standard].map((target) => [target, stateOf(target)]))
}

/** The longest wait for limits before they are looked at again, in milliseconds. They may be unknown until the first answers arrive. */
const MAX_LIMIT_MS = LOOK_AGAIN_MS
