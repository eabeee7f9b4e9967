/** A key: a string, a function that is called for each attempt, or none. */
export type Key = string | (() => Promise<string>) | null

const names = new WeakMap<() => Promise<string>, string>()

/**
 * An identifier of a credential, for the state that belongs to it. A function has one identifier, whatever keys it returns. It is random,
 * since a far tier is shared with other processes, where a counter could identify the function of another tenant.
 */
export function credentialOf(key: Key): string {
  if (key === null) return ''
  if (typeof key === 'string') return `key ${key}`
  let name = names.get(key)
  if (name === undefined) names.set(key, (name = `function ${crypto.randomUUID()}`))
  return name
}
