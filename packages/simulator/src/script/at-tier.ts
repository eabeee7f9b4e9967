import { hashText, seededRandom } from '../random.ts'
import type { SimpleFault } from './fault.ts'
import type { CallFacts } from './fault-picker.ts'
import type { ProviderScript } from './script.ts'
import type { TierScript } from './tier-script.ts'
import { isIn } from './time-window.ts'

/**
 * Returns the script for one call: with the times of the service tier that its request names, and with this tier in its answer.
 * @param tier the tier as the request names it
 */
export function scriptAtTier(script: ProviderScript, tier: unknown): ProviderScript {
  const own = tierIn(script, tier)
  if (!own) return script
  const { latency = script.latency, firstTokenMs = script.firstTokenMs, tokenMs = script.tokenMs } = own
  return { ...script, latency, firstTokenMs, tokenMs, servedTier: script.servedTier ?? String(tier) }
}

/** Returns the refusal of a call by the service tier that its request names; undefined if the tier takes it. */
export function tierRefusal(
  script: ProviderScript,
  { call, elapsedMs, request }: CallFacts,
  seed: number,
): SimpleFault | undefined {
  const own = tierIn(script, request?.tier)
  if (!own) return undefined
  const { refusedShare = 0, refusedIn = [], retryAfter } = own
  const isRefused =
    refusedIn.some((spell) => isIn(spell, elapsedMs)) ||
    seededRandom(hashText(`tier ${call}`, seed))() < refusedShare
  return isRefused ? { type: 'tier-unavailable', retryAfter } : undefined
}

function tierIn({ tiers }: ProviderScript, tier: unknown): TierScript | undefined {
  return tiers && typeof tier === 'string' && Object.hasOwn(tiers, tier) ? tiers[tier] : undefined
}
