/** How a key is given: as a text, by a function that is called for each attempt, or not at all. */
export type Key = string | (() => Promise<string>) | null

const names = new WeakMap<() => Promise<string>, string>()

/**
 * Names a key for the state that belongs to it. A function keeps its name, whatever it returns; no other function has it, in no other
 * process either, where the same number would stand for the function of another tenant.
 */
export function credentialOf(key: Key): string {
  if (key === null) return ''
  if (typeof key === 'string') return `key ${key}`
  let name = names.get(key)
  if (name === undefined) names.set(key, (name = `function ${crypto.randomUUID()}`))
  return name
}
