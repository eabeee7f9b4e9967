import { APIConnectionError } from 'openai'

/**
 * The SDK says "Connection error." and leaves the reason to `cause`. Whoever meets the error in a log deserves the
 * reason in the message; class, fields and cause stay as they are.
 */
export function explainConnectionError(error: unknown): void {
  if (error instanceof TypeError && INVALID_HEADER.test(error.message)) hideHeaderValue(error)
  if (!(error instanceof APIConnectionError) || !(error.cause instanceof Error)) return
  const { message, cause } = error
  const reason = reasonOf(cause)
  if (reason === '' || message.includes(reason)) return
  error.message = `${message.replace(/\.$/, '')}: ${reason}`
  if (error.stack?.includes(message)) error.stack = error.stack.replace(message, () => error.message)
}

/** The runtime's own words repeat the value of a header, which is most often a key. */
const INVALID_HEADER = /\bheaders?\b.*\binvalid\b|\binvalid\b.*\bheader/is

function hideHeaderValue(error: TypeError): void {
  const { message, stack } = error
  error.message =
    'A header of this call has a name or a value that HTTP does not allow, such as one with a line break. ' +
    'Look at apiKey, organization, project and headers.'
  error.stack = stack?.replace(message, () => error.message) ?? ''
}

/** The pool's errors say where it was going, and what to look at; Harbor's clocks say which of them ran out. */
function reasonOf(cause: Error): string {
  const { origin, advice } = cause as { origin?: unknown; advice?: unknown }
  if (typeof origin === 'string' && typeof advice === 'string') return `${origin}: ${advice}`
  return cause.message.replace(/^Request timed out: /, '')
}
