const CODE = 'bulk_stopped'
/** SDKs wrap what the code below them throws, some more than once. */
const MAX_CAUSES = 5

/** The run was stopped before this item was sent. The item has no result, and a resumed run calls its function again. */
export class BulkStoppedError extends Error {
  override readonly name = 'BulkStoppedError'
  readonly code = CODE

  constructor() {
    super('the run was stopped before this item was sent')
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is BulkStoppedError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}

/** Whether an error says that an item was not sent, itself or by its cause. */
export function isReturned(error: unknown): boolean {
  for (let each = error, depth = 0; each instanceof Error && depth < MAX_CAUSES; each = each.cause, depth++) {
    if (BulkStoppedError.is(each)) return true
  }
  return false
}
