import { systemClock } from '../base/clock.ts'
import type { KeyStats } from '../reporting/target-stats.ts'
import type { KeyState } from '../targets/key-state.ts'
import type { KeyRing, KeyRings } from './key-rings.ts'
import { quotaModelOf } from './state-keys.ts'
import type { TargetCooldowns } from './target-cooldowns.ts'

/**
 * Returns statistics of each key of a target's provider. If callers have accounts of their own, these are the keys of the newest account
 * that called the target.
 * @param name the name of the target
 * @returns undefined if the provider has one key, or the target was not called with one of several
 */
export function keyStatsOf(
  name: string,
  rings: KeyRings,
  cooldowns: TargetCooldowns,
): readonly KeyStats[] | undefined {
  const ring = rings.ringThatCalled(name)
  return ring?.keys.map((key) => statsOf(key, name, ring, cooldowns))
}

function statsOf(key: KeyState, name: string, ring: KeyRing, cooldowns: TargetCooldowns): KeyStats {
  const now = systemClock.now()
  const called = ring.called.get(name)
  const cooldown = called && cooldowns.keyCooldown(called.target, ring.provider, called.request, key)
  return {
    index: key.index,
    attempts: key.attempts,
    cooldown: cooldown?.reason,
    retryAfterMs: cooldown ? cooldown.until - now : 0,
    left: called && key.roomFor(quotaModelOf(called.target, called.request)).left(now),
    sharesLimitsWith: siblingsOf(key, ring.keys),
  }
}

/** Returns the indexes of the other keys that share the rate limits of a key. */
function siblingsOf({ index, group }: KeyState, keys: readonly KeyState[]): readonly number[] {
  return keys.filter((key) => key.group === group && key.index !== index).map((key) => key.index)
}
