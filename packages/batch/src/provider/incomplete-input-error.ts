const CODE = 'incomplete_input'

/** The provider gives back fewer requests than were uploaded, so that nobody can say which of them have no answer. */
export class IncompleteInputError extends Error {
  override readonly name = 'IncompleteInputError'
  readonly code = CODE
  readonly fileId: string
  readonly found: number
  readonly uploaded: number

  constructor(fileId: string, found: number, uploaded: number) {
    super(
      `the provider gives back ${found} of the ${uploaded} requests of file ${fileId}. Run it again later with the same state; ` +
        'results that have come are read again, and nothing is submitted twice.',
    )
    this.fileId = fileId
    this.found = found
    this.uploaded = uploaded
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is IncompleteInputError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
