import { hasCode } from '../base/has-code.ts'

const CODE = 'not_cached'

/** The error of a call with `control: 'only-if-cached'` that found no entry for its key. Nothing was loaded. */
export class NotCachedError extends Error {
  override readonly name = 'NotCachedError'
  /** Always `not_cached`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = CODE

  constructor() {
    super("nothing is cached for this key, and with control: 'only-if-cached' nothing is loaded")
  }

  /** Whether an error is a NotCachedError, including one from another copy of this package. */
  static is(error: unknown): error is NotCachedError {
    return hasCode(error, CODE)
  }
}
