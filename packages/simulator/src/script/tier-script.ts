import { hashText, seededRandom } from '../random.ts'
import type { Latency } from '../latency.ts'
import type { RetryAfter, SimpleFault } from './fault.ts'
import type { CallFacts } from './fault-picker.ts'
import type { ProviderScript, TimeWindow } from './script.ts'

/** How requests at one service tier are answered. */
export interface TierScript {
  /** The time to the headers of an answer, in milliseconds: a number, or random times (see `Latency`). @default that of the script */
  latency?: Latency | undefined
  /** The time from the headers of a stream to its first event, in milliseconds. @default that of the script */
  firstTokenMs?: Latency | undefined
  /** The time between two events of a stream, in milliseconds. @default that of the script */
  tokenMs?: Latency | undefined
  /** The share of requests that the tier refuses at random, from 0 to 1. It depends only on the seed and the number of the call. @default 0 */
  refusedShare?: number | undefined
  /** The times in which the tier refuses all requests, in milliseconds since the provider's start or last reset. @default none */
  refusedIn?: readonly TimeWindow[] | undefined
  /** When the client may try again, as a refusal says it. @default none: the refusal does not say */
  retryAfter?: RetryAfter | undefined
}

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

/** Whether a time is in a window, which may repeat. */
export function isIn({ from = 0, to = Infinity, everyMs }: TimeWindow, elapsedMs: number): boolean {
  const time = everyMs === undefined ? elapsedMs : elapsedMs % everyMs
  return time >= from && time < to
}
