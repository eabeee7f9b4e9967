/**
 * The error for a JSON object that a provider sent with a successful status, but that is not an answer to the request. Providers' formats
 * differ widely, so an object is refused only if it has nothing that the caller can use. The message continues a sentence that begins with
 * "answered 200 …".
 */
export class MissingAnswerError extends Error {
  override readonly name = 'MissingAnswerError'
  /** Whether the object has some, but not all, of the requested items. A smaller request may then be answered completely. */
  readonly isPartial: boolean

  constructor(message: string, isPartial = false) {
    super(message)
    this.isPartial = isPartial
  }
}
