import { hasCode } from '../errors.ts'

/** Two items have the same id, so their results could not be distinguished. The function was not called for the second item. */
export class DuplicateIdError extends Error {
  override readonly name = 'DuplicateIdError'
  /** Always `duplicate_id`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'duplicate_id'
  /** The id that both items have. */
  readonly id: string
  /** The position of the first of the two items in the source, counted from 0. */
  readonly firstIndex: number
  /** The position of the second item in the source, counted from 0. */
  readonly index: number

  constructor(id: string, firstIndex: number, index: number) {
    super(
      `items ${firstIndex} and ${index} have the same id. Give each item its own id, ` +
        "or skip the items whose id was seen before with onDuplicateId: 'skip'.",
    )
    this.id = id
    this.firstIndex = firstIndex
    this.index = index
  }

  /** Whether an error is a DuplicateIdError, including one from another copy of this package. */
  static is(error: unknown): error is DuplicateIdError {
    return hasCode(error, 'duplicate_id')
  }
}

/** The run was stopped before this item was sent. The item has no result; a resumed run calls the function for it. */
export class BulkStoppedError extends Error {
  override readonly name = 'BulkStoppedError'
  /** Always `bulk_stopped`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'bulk_stopped'

  constructor() {
    super('the run was stopped before this item was sent')
  }

  /** Whether an error is a BulkStoppedError, including one from another copy of this package. */
  static is(error: unknown): error is BulkStoppedError {
    return hasCode(error, 'bulk_stopped')
  }
}

/**
 * The maximum number of nested errors that are searched: the error, its `cause`, the `cause` of that error, and so on. SDKs wrap the errors of the
 * code they call, sometimes more than once.
 */
const MAX_CAUSES = 5

/** Whether an item was not sent: the error, or one of its causes, is a BulkStoppedError. */
export function isUnsent(error: unknown): boolean {
  for (let each = error, depth = 0; each instanceof Error && depth < MAX_CAUSES; each = each.cause, depth++) {
    if (BulkStoppedError.is(each)) return true
  }
  return false
}
