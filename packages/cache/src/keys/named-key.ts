import { aText, expect } from '../base/validate.ts'
import type { Key } from '../call-options.ts'

/** The key that a caller passed, and the internal name of its entry, which also contains the scope. */
export interface NamedKey {
  readonly key: string
  readonly name: string
}

/**
 * Returns the key, and the internal name of its entry. If the key is a function that throws, reports the error to `onError` and returns
 * undefined; the call then bypasses the cache.
 *
 * @throws TypeError for a key that is not a string
 */
export function namedKey(
  key: Key,
  scope: string | undefined,
  onError: (error: unknown) => void,
): NamedKey | undefined {
  try {
    const made = typeof key === 'function' ? key() : key
    expect('key', made, aText)
    return { key: made, name: nameIn(scope, made) }
  } catch (error) {
    if (typeof key !== 'function') throw error
    onError(error)
    return undefined
  }
}

/**
 * Returns the internal name of a key or tag in a scope. Names of different scopes differ, whatever characters keys and scopes contain.
 * Without a scope, the usual case, the name is the key itself, because V8 has already hashed this string.
 */
export function nameIn(scope: string | undefined, name: string): string {
  if (scope === undefined) return name.charCodeAt(0) === MARK_CODE ? `${MARK}/${name}` : name
  return prefixOf(scope) + name
}

/** Returns the prefix that all names in a scope have, and no other names. */
export function prefixOf(scope: string): string {
  if (scope !== last.scope)
    last = { scope, prefix: `${MARK}${scope.replaceAll('%', '%25').replaceAll('/', '%2F')}/` }
  return last.prefix
}

/** The last scope and its prefix, cached because consecutive calls often have the same scope. */
let last = { scope: '', prefix: '@/' }

/** Returns the internal names of tags in a scope. */
export function tagsIn(scope: string | undefined, tags: readonly string[] | undefined): readonly string[] {
  return tags === undefined ? NO_TAGS : tags.map((tag) => nameIn(scope, tag))
}

const NO_TAGS: readonly string[] = []
/** The first character of every scope's prefix. A key without a scope that begins with it gets the prefix `@/`, which no scope has. */
const MARK = '@'
const MARK_CODE = 64
