import { APIConnectionError } from 'openai'

/**
 * The SDK says "Connection error." and leaves the reason to `cause`. Whoever meets the error in a log deserves the
 * reason in the message; class, fields and cause stay as they are.
 */
export function explainConnectionError(error: unknown): void {
  if (!(error instanceof APIConnectionError) || !(error.cause instanceof Error)) return
  const { message, cause } = error
  const reason =
    'advice' in cause && 'origin' in cause
      ? `${cause.origin}: ${cause.advice}`
      : cause.message.replace(/^Request timed out: /, '')
  if (reason === '' || message.includes(reason)) return
  error.message = `${message.replace(/\.$/, '')}: ${reason}`
  if (error.stack?.includes(message)) error.stack = error.stack.replace(message, () => error.message)
}
