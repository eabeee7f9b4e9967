import type { KeyState } from '../targets/key-state.ts'

/** What the choice of a key depends on. */
export interface KeyFacts {
  /** The time at which the cooldown of a key ends, on the clock of `now`; 0 when there is none. */
  readonly untilOf: (key: KeyState) => number
  /** How long a request would wait for the rate limits of a key, in milliseconds. */
  readonly waitMs: (key: KeyState) => number
  /** The share of the rate limits that a key has left, from 0 to 1. */
  readonly leftOf: (key: KeyState) => number
  /** The name of the conversation; undefined if the request belongs to none. */
  readonly conversation: string | undefined
  /** Whether the first key is used as long as it is free. */
  readonly prefersFirst: boolean
}

/** How long a conversation waits for the rate limits of its key before another key takes over, in milliseconds. */
const MAX_CONVERSATION_WAIT_MS = 1_000

/**
 * Chooses the key for a request. A key in cooldown is passed over; if all are, the one that is free first is used. Of the free keys, a
 * conversation uses always the same one, so that the provider's prompt cache stays warm. Other requests use the key that has most left.
 */
export function chooseKey(keys: readonly [KeyState, ...KeyState[]], facts: KeyFacts): KeyState {
  const free = keys.filter((key) => facts.untilOf(key) === 0)
  const [first] = free
  if (!first) return lowest(keys, facts.untilOf)
  if (free.length === 1 || (facts.prefersFirst && first === keys[0])) return first
  const patienceMs = facts.conversation === undefined ? 0 : MAX_CONVERSATION_WAIT_MS
  const ready = free.filter((key) => facts.waitMs(key) <= patienceMs)
  if (ready.length === 0) return lowest(free, facts.waitMs)
  if (facts.conversation === undefined) return mostLeft(ready, facts)
  const seed = hashOf(facts.conversation)
  return lowest(ready, (key) => -weightOf(seed, key.hash))
}

/** The key with most left of its limits; of equal ones, the one that was used least recently. */
function mostLeft(keys: readonly KeyState[], { leftOf }: KeyFacts): KeyState {
  const most = Math.max(...keys.map(leftOf))
  return lowest(
    keys.filter((key) => leftOf(key) === most),
    ({ usedAt }) => usedAt,
  )
}

function lowest(keys: readonly KeyState[], measure: (key: KeyState) => number): KeyState {
  const [first] = keys
  if (!first) throw new Error('There is at least one key to choose from.')
  let found = first
  let value = measure(first)
  for (const key of keys) {
    const other = measure(key)
    if (other < value) [found, value] = [key, other]
  }
  return found
}

/**
 * The weight of a key for a conversation. The key with the highest weight is used (rendezvous hashing), so a key that is added takes over
 * only the conversations for which it has the highest weight. See https://en.wikipedia.org/wiki/Rendezvous_hashing
 */
function weightOf(seed: number, key: number): number {
  let mixed = seed ^ key
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** The hash FNV-1a of a text, in 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let place = 0; place < text.length; place++)
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193)
  return hash >>> 0
}
