import type { Target } from '../reporting/target.ts'
import type { Ladder } from '../targets/plan.ts'
import type { RecentLatency } from './recent-latencies.ts'

/** The number of answers from which the usual time of a tier is known. */
const MIN_SAMPLES = 5
/** The usual time of the standard tier if it is not known, in milliseconds. */
const USUAL_MS = 20_000
/** The usual time of a cheaper tier if it is not known, in milliseconds, if that is more than twice that of the standard tier. */
const USUAL_CHEAPER_MS = 30_000
/** A time that is not known is assumed to be at most this share of the call's whole time, so that a tier is tried at all. */
const MAX_ASSUMED_SHARE = 0.25
/** How much time is kept for the standard tier, as a multiple of its usual time. */
const RESERVE = 2

/** What is known about a tier when a call chooses one. */
export interface TierState {
  readonly latency: RecentLatency
  /** The time until a call may be sent to it, in milliseconds: until its cooldown ends, its circuit closes, or its limits have room. */
  readyInMs: number
  /** Whether it is not ready because of its rate limits. */
  readonly isLimited: boolean
  /** Why it cannot serve the call at all, in words; undefined if it can. */
  unable: string | undefined
}

/** What a call that may wait does next. */
export type NextTier =
  | { readonly kind: 'call'; readonly tier: Target; readonly endsAt: number }
  | { readonly kind: 'wait'; readonly tier: Target; readonly ms: number; readonly reason: 'tier' | 'limit' }
  | { readonly kind: 'standard'; readonly skipped: readonly { target: string; reason: string }[] }

/**
 * Chooses the cheapest tier that is likely to answer in time. Twice the usual time of the standard tier is kept for it. A tier that is not ready is
 * worth waiting for if it is likely to answer in time afterwards, and no other cheaper tier is ready.
 */
export function nextTier(
  states: ReadonlyMap<Target, TierState>,
  { cheaper, standard }: Pick<Ladder, 'cheaper' | 'standard'>,
  { now, startedAt, deadlineAt }: TimeOfCall,
): NextTier {
  const assumedMs = MAX_ASSUMED_SHARE * (deadlineAt - startedAt)
  const usualMs = usualMsOf(states.get(standard)?.latency, Math.min(USUAL_MS, assumedMs))
  const endsAt = deadlineAt - RESERVE * usualMs
  const skipped: { target: string; reason: string }[] = []
  let soonest: Extract<NextTier, { kind: 'wait' }> | undefined
  for (const tier of cheaper) {
    const state = states.get(tier)
    if (!state) continue
    const { unable, readyInMs, isLimited } = state
    const takesMs = usualMsOf(
      state.latency,
      Math.min(Math.max(USUAL_CHEAPER_MS, RESERVE * usualMs), assumedMs),
    )
    if (unable !== undefined) skipped.push({ target: tier.name, reason: unable })
    else if (now + takesMs > endsAt)
      skipped.push({ target: tier.name, reason: 'the deadline leaves too little time for it' })
    else if (readyInMs <= 0) return { kind: 'call', tier, endsAt }
    else if (now + readyInMs + takesMs > endsAt)
      skipped.push({ target: tier.name, reason: 'the deadline ends before it is available again' })
    else if (!soonest || readyInMs < soonest.ms)
      soonest = { kind: 'wait', tier, ms: readyInMs, reason: isLimited ? 'limit' : 'tier' }
  }
  return soonest ?? { kind: 'standard', skipped }
}

/** The time of a call, on one clock, in milliseconds. */
interface TimeOfCall {
  readonly now: number
  readonly startedAt: number
  readonly deadlineAt: number
}

/** Returns the time within which nearly all answers of a tier arrive, in milliseconds. Few answers are not trusted to be typical. */
function usualMsOf(latency: RecentLatency | undefined, otherwiseMs: number): number {
  const { p95Ms = 0, samples = 0 } = latency ?? {}
  return samples >= MIN_SAMPLES ? p95Ms : Math.max(p95Ms, otherwiseMs)
}
