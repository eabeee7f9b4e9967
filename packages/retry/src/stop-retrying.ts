const CODE = 'stop_retrying'

/**
 * Thrown by an operation, it ends the run at once, whatever attempts are left: the run rejects with its cause.
 *
 * ```ts
 * if (response.status === 404) throw new StopRetrying(new Error('there is no such document'))
 * ```
 */
export class StopRetrying extends Error {
  override readonly name = 'StopRetrying'
  readonly code = CODE

  /** @param cause what the run rejects with */
  constructor(cause: unknown) {
    super('The operation asked for no further attempt.', { cause })
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is StopRetrying {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}

/** What a run rejects with when its operation threw this to stop it; undefined if it did not. */
export function causeOfStop(error: unknown): { readonly cause: unknown } | undefined {
  if (StopRetrying.is(error)) return { cause: error.cause }
  // The AbortError of p-retry, by its shape: an abort of anything else carries no original error.
  const { name, originalError } = Object(error) as { name?: unknown; originalError?: unknown }
  return name === 'AbortError' && originalError instanceof Error ? { cause: originalError } : undefined
}
