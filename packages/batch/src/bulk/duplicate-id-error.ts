const CODE = 'duplicate_id'

/** Two items have the same id, so nobody could tell their results apart. The second one was not called. */
export class DuplicateIdError extends Error {
  override readonly name = 'DuplicateIdError'
  readonly code = CODE
  readonly id: string
  /** The places of the two in the source, counted from 0. */
  readonly firstIndex: number
  readonly index: number

  constructor(id: string, firstIndex: number, index: number) {
    super(
      `items ${firstIndex} and ${index} have the same id. Give each an id of its own, ` +
        "or leave out what comes again with onDuplicateId: 'skip'.",
    )
    this.id = id
    this.firstIndex = firstIndex
    this.index = index
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is DuplicateIdError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
