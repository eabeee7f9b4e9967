import { hasCode } from '../base/has-code.ts'

const CODE = 'unkeyable_request'

/** A request has no key, because it holds something that JSON cannot carry. */
export class UnkeyableRequestError extends TypeError {
  override readonly name = 'UnkeyableRequestError'
  readonly code = CODE
  /** Where it stands: `messages[3].content`. Empty for the request itself. */
  readonly path: string
  /** What stands there. */
  readonly found: 'NaN' | 'an infinite number' | 'a bigint' | 'a cycle' | 'nothing'

  constructor(path: string, found: UnkeyableRequestError['found']) {
    super(
      `no key for this request: ${path || 'the request'} is ${found}, which JSON cannot carry. ${ADVICE[found]}`,
    )
    this.path = path
    this.found = found
  }

  /** Whether it is this error, also one of another copy of this package. */
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
