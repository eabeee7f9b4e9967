import { hash } from '../base/hash.ts'

/** An API key: a string, a function that returns one and is called for each attempt, or null for none. */
export type Key = string | (() => Promise<string>) | null

/** The keys of a provider that has several, in their configured order. Contains keys, so it must not be shown. */
export interface KeyList {
  readonly keys: readonly Exclude<Key, null>[]
  /** An id for each key, under which state of that key is stored. Contains the key. */
  readonly ids: readonly string[]
  /**
   * A hash of each key, by which the key of a conversation is chosen. All processes with this list compute the same hashes, so they choose
   * the same key.
   */
  readonly hashes: readonly number[]
  /** Identifies the set of keys, regardless of their order. Contains the keys. */
  readonly identity: string
}

/** Returns the first key of the option `apiKey`, which may be a list. */
export function firstKeyOf(option: Key | readonly Exclude<Key, null>[]): Key {
  return isKeyList(option) ? (option[0] ?? null) : option
}

/** Returns the keys of the option `apiKey` as a list. @returns undefined for a single key */
export function keyListOf(option: Key | readonly Exclude<Key, null>[]): KeyList | undefined {
  if (!isKeyList(option) || option.length < 2) return undefined
  const ids = option.map(credentialOf)
  return {
    keys: [...option],
    ids,
    // A function has another id in each process, but usually the same place in the list.
    hashes: option.map((key, index) => hashOf(typeof key === 'string' ? key : `function ${index}`)),
    identity: JSON.stringify(ids.toSorted()),
  }
}

function isKeyList(option: Key | readonly Exclude<Key, null>[]): option is readonly Exclude<Key, null>[] {
  return Array.isArray(option)
}

/** Returns a 32-bit hash of a key. The key cannot be computed from it. */
function hashOf(key: string): number {
  return Number.parseInt(hash(key, 'hex').slice(0, 8), 16)
}

const names = new WeakMap<() => Promise<string>, string>()

/**
 * Returns the id of a credential, under which cached answers and other state of the credential are stored. A function has one id, whatever
 * keys it returns. That id is random: if functions were numbered instead, the functions of two tenants could get the same number in two
 * processes that share the far tier of the cache.
 */
export function credentialOf(key: Key): string {
  if (key === null) return ''
  if (typeof key === 'string') return `key ${key}`
  let name = names.get(key)
  if (name === undefined) names.set(key, (name = `function ${crypto.randomUUID()}`))
  return name
}
