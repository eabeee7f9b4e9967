/**
 * The error for a key function that returned a value that cannot be a key. The message says what is wrong with the value, and never
 * contains it.
 */
export class UnusableKeyError extends Error {
  override readonly name = 'UnusableKeyError'
}
