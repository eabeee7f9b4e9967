import { hasCode } from '../base/has-code.ts'

const CODE = 'unkeyable_request'

/** A request has no key, because it contains a value that JSON cannot represent. */
export class UnkeyableRequestError extends TypeError {
  override readonly name = 'UnkeyableRequestError'
  readonly code = CODE
  /** The path of the value: `messages[3].content`. Empty for the request itself. */
  readonly path: string
  /** The kind of the value. */
  readonly found: 'NaN' | 'an infinite number' | 'a bigint' | 'a cycle' | 'nothing'

  constructor(path: string, found: UnkeyableRequestError['found']) {
    super(
      `no key for this request: ${path || 'the request'} is ${found}, which JSON cannot represent. ${ADVICE[found]}`,
    )
    this.path = path
    this.found = found
  }

  /** Whether this is an UnkeyableRequestError, also one made by another copy of this package. */
  static is(error: unknown): error is UnkeyableRequestError {
    return hasCode(error, CODE)
  }
}

const ADVICE: Record<UnkeyableRequestError['found'], string> = {
  NaN: 'Leave it out or pass a number.',
  'an infinite number': 'Leave it out or pass a finite number.',
  'a bigint': 'Pass it as a string or as a number.',
  'a cycle': 'Pass a copy that does not contain itself.',
  nothing: 'Its toJSON must return an object.',
}
