import type { KeyState } from '../targets/key-state.ts'

/** What the choice of an API key for a request depends on. */
export interface KeyFacts {
  /** Returns when the cooldown of a key ends, in milliseconds since the epoch; 0 if there is none. */
  readonly untilOf: (key: KeyState) => number
  /** Returns how long the request would wait for the rate limits of a key, in milliseconds. */
  readonly waitMs: (key: KeyState) => number
  /** Returns the share of its rate limits that a key has left, from 0 to 1. */
  readonly leftOf: (key: KeyState) => number
  /** The name of the conversation to which the request belongs; undefined if it belongs to none. */
  readonly conversation: string | undefined
  /**
   * Whether the request uses the first key unless that is in cooldown. A request that stores state at the provider does, because later
   * requests read the state with the first key.
   */
  readonly prefersFirst: boolean
}

/**
 * The maximum time that a request waits for the rate limits of its conversation's key, in milliseconds. If the wait would be longer,
 * another key takes over.
 */
const MAX_CONVERSATION_WAIT_MS = 1_000

/**
 * Chooses the key for a request. Keys in cooldown are avoided; if all are in cooldown, the one whose cooldown ends first is used. The
 * requests of one conversation use the same key as long as possible, so that the provider's prompt cache stays warm. Other requests use the
 * key with the largest share of its rate limits left.
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

/** Finds the key with the largest share of its rate limits left; of several such keys, the one that was used least recently. */
function mostLeft(keys: readonly KeyState[], { leftOf }: KeyFacts): KeyState {
  const most = Math.max(...keys.map(leftOf))
  return lowest(
    keys.filter((key) => leftOf(key) === most),
    ({ usedAt }) => usedAt,
  )
}

function lowest(keys: readonly KeyState[], measure: (key: KeyState) => number): KeyState {
  return keys.reduce((found, key) => (measure(key) < measure(found) ? key : found))
}

/**
 * Returns the weight of a key for a conversation. The conversation uses the key with the highest weight (rendezvous hashing). So a new key
 * takes over only the conversations for which it has the highest weight. See https://en.wikipedia.org/wiki/Rendezvous_hashing
 * @param seed the hash of the conversation's name
 * @param key the hash of the key
 */
function weightOf(seed: number, key: number): number {
  let mixed = seed ^ key
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** Returns the FNV-1a hash of a text, in 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let place = 0; place < text.length; place++)
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193)
  return hash >>> 0
}
