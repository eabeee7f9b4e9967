/**
 * A JSON object is not the answer to its request. Vendors differ in almost everything, so an object only has to hold something that
 * the caller can use. The message goes on where "answered 200 …" ends.
 */
export class MissingAnswerError extends Error {
  override readonly name = 'MissingAnswerError'
  /** Some of what was requested is there: less of it at once may be answered whole. */
  readonly isPartial: boolean

  constructor(message: string, isPartial = false) {
    super(message)
    this.isPartial = isPartial
  }
}
