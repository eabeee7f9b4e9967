/** An API key: a string, a function that returns one and is called for each attempt, or null for none. */
export type Key = string | (() => Promise<string>) | null

const names = new WeakMap<() => Promise<string>, string>()

/**
 * Identifies a credential, for cached answers and other state that belongs to one credential. A function has one identifier, whatever keys
 * it returns. This identifier is random: if functions were numbered instead, the functions of two tenants could get the same number in two
 * processes that share the far tier of the cache.
 */
export function credentialOf(key: Key): string {
  if (key === null) return ''
  if (typeof key === 'string') return `key ${key}`
  let name = names.get(key)
  if (name === undefined) names.set(key, (name = `function ${crypto.randomUUID()}`))
  return name
}
