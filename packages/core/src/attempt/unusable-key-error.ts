/** What a function made is no key. The message says what is wrong with it, and never repeats it. */
export class UnusableKeyError extends Error {
  override readonly name = 'UnusableKeyError'

  static is(error: unknown): error is UnusableKeyError {
    return error instanceof UnusableKeyError
  }
}
