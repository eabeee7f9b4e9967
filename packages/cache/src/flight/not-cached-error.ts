import { hasCode } from '../base/has-code.ts'

const CODE = 'not_cached'

/** There is nothing in the cache, and the call asked for nothing else: `control: 'only-if-cached'`. */
export class NotCachedError extends Error {
  override readonly name = 'NotCachedError'
  readonly code = CODE

  constructor() {
    super("nothing is cached for this key, and control: 'only-if-cached' loads nothing")
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is NotCachedError {
    return hasCode(error, CODE)
  }
}
