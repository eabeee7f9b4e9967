import { hasCode } from '../base/has-code.ts'

const CODE = 'unkeyable_request'

/** The error of `requestKey` for a request that contains a value that JSON cannot represent, so that no key can be made. */
export class UnkeyableRequestError extends TypeError {
  override readonly name = 'UnkeyableRequestError'
  /** Always `unkeyable_request`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = CODE
  /** The path of the value that JSON cannot represent, such as `messages[3].content`. Empty if the value is the request itself. */
  readonly path: string
  /** What the value is. `nothing`: it has no JSON form, such as undefined or a function. */
  readonly found: 'NaN' | 'an infinite number' | 'a bigint' | 'a cycle' | 'nothing'

  /**
   * @param path where the value is, such as `messages[3].content`
   * @param found what it is
   */
  constructor(path: string, found: UnkeyableRequestError['found']) {
    super(
      `no key for this request: ${path || 'the request'} is ${found}, which JSON cannot represent. ${ADVICE[found]}`,
    )
    this.path = path
    this.found = found
  }

  /** Whether an error is an UnkeyableRequestError, including one from another copy of this package. */
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
