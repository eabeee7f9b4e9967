const CODE = 'unwritable_value'

/**
 * What a function returned would come back from the journal as something else, or not at all. The call was made; its item has
 * failed. Return what JSON can hold.
 */
export class UnwritableValueError extends Error {
  override readonly name = 'UnwritableValueError'
  readonly code = CODE
  /** Where in the value it is: `choices[0].created`; empty for the value itself. */
  readonly path: string
  /** What is there: `a Date`, `NaN`, `a bigint`. */
  readonly found: string

  constructor(path: string, found: string) {
    super(
      `the journal cannot keep ${found}${path === '' ? '' : ` (at ${path})`}: it would not be the same when read again. ` +
        'Return what JSON can hold.',
    )
    this.path = path
    this.found = found
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is UnwritableValueError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
