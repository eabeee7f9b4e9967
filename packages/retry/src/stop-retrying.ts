const CODE = 'stop_retrying'

/**
 * An error that an operation throws to end its run at once, even if attempts are left. The run rejects with the `cause`.
 *
 * ```ts
 * if (response.status === 404) throw new StopRetrying(new Error('there is no such document'))
 * ```
 */
export class StopRetrying extends Error {
  override readonly name = 'StopRetrying'
  /** Always `stop_retrying`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = CODE

  /** @param cause the error with which the run rejects */
  constructor(cause: unknown) {
    super('The run was ended.', { cause })
  }

  /** Whether an error is a StopRetrying, including one from another copy of this package. */
  static is(error: unknown): error is StopRetrying {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}

/**
 * Returns the cause of a StopRetrying, or the original error of p-retry's AbortError. The run must reject with it. Returns
 * `undefined` for any other error.
 */
export function causeOfStop(error: unknown): { readonly cause: unknown } | undefined {
  if (StopRetrying.is(error)) return { cause: error.cause }
  // p-retry's AbortError, recognised by its shape: other AbortErrors have no `originalError`.
  const { name, originalError } = Object(error) as { name?: unknown; originalError?: unknown }
  return name === 'AbortError' && originalError instanceof Error ? { cause: originalError } : undefined
}
