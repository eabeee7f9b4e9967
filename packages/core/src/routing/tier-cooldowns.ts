import { BoundedMap } from '../base/bounded-map.ts'

/** The first cooldown of a service tier that refused a request, in milliseconds. Each further refusal doubles it. */
const FIRST_MS = 1_000
/** The maximum cooldown that grows with refusals, in milliseconds. A provider may ask for longer. */
const MAX_MS = 60_000
/**
 * How long a call has a tier to itself after a cooldown, in milliseconds. Refusals arrive sooner. Without it, all waiting calls would be sent at the
 * end of each cooldown, and refused.
 */
const PROBE_MS = 5_000
const MAX_TIERS = 1_000

/**
 * How often each service tier has refused requests in a row. The cooldown of a tier grows with the number. After a cooldown, one call at a time tests
 * the tier, until it answers:
 *
 *     open ── refusal ──> cooldown ── time ──> one call tests ── answer ──> open
 *                            ^                      │
 *                            └────── refusal ───────┘
 */
export class TierCooldowns {
  readonly #refused = new BoundedMap<string, { refusals: number; testedUntil: number }>(MAX_TIERS)

  /**
   * Counts a refusal.
   * @param requestedMs the cooldown that the provider asked for, in milliseconds
   * @returns the cooldown to start, in milliseconds
   */
  refused(key: string, requestedMs: number): number {
    const refusals = (this.#refused.get(key)?.refusals ?? 0) + 1
    this.#refused.delete(key)
    this.#refused.set(key, { refusals, testedUntil: 0 })
    return Math.max(requestedMs, Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(refusals - 1, 30)))
  }

  /** Called when a tier has answered. */
  answered(key: string): void {
    this.#refused.delete(key)
  }

  /** Returns how long another call still tests the tier, in milliseconds; 0 if none does. */
  testedForMs(key: string, now: number): number {
    return Math.max(0, (this.#refused.get(key)?.testedUntil ?? 0) - now)
  }

  /** Called when a call is sent to the tier. If the tier has refused the last request, this call tests it. */
  sending(key: string, now: number): void {
    const refused = this.#refused.get(key)
    if (refused) refused.testedUntil = now + PROBE_MS
  }

  /** Whether no tier has refused its last request. That is the usual case. */
  get isEmpty(): boolean {
    return this.#refused.size === 0
  }
}
