/** A key function returned something that cannot be a key. The message says what is wrong with it, and never contains it. */
export class UnusableKeyError extends Error {
  override readonly name = 'UnusableKeyError'

  static is(error: unknown): error is UnusableKeyError {
    return error instanceof UnusableKeyError
  }
}
