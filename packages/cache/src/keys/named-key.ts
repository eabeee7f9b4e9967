import type { Key } from '../call-options.ts'
import { nameIn } from './names.ts'
import { aText, expect } from '../base/validate.ts'

/** A key, and what it is called inside. */
export interface NamedKey {
  readonly key: string
  readonly name: string
}

/**
 * Undefined, and told of, if the function that makes the key throws: the call goes on without the cache.
 *
 * @throws TypeError for a key that is no string
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
