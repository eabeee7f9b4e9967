import { hasCode } from '../base/has-code.ts'

const CODE = 'not_cached'

/** The cache has no entry for the key, and the call does not load: `control: 'only-if-cached'`. */
export class NotCachedError extends Error {
  override readonly name = 'NotCachedError'
  readonly code = CODE

  constructor() {
    super("nothing is cached for this key, and control: 'only-if-cached' loads nothing")
  }

  /** Whether this is a NotCachedError, also one made by another copy of this package. */
  static is(error: unknown): error is NotCachedError {
    return hasCode(error, CODE)
  }
}
