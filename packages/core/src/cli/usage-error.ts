/** What the user can put right by reading the message: it says what is wrong and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
