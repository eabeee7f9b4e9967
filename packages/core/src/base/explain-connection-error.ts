import { APIConnectionError } from 'openai'

/**
 * Adds the reason to the message of an SDK connection error, which is only "Connection error." by itself. The message about an invalid
 * header is replaced instead, since it contains the value of the header. The error is changed in place; its class, fields and `cause` stay
 * the same.
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

/** Matches the runtime's message about an invalid header. It contains the value of the header, which may be a key. */
const INVALID_HEADER = /\bheaders?\b.*\binvalid\b|\binvalid\b.*\bheader/is

function hideHeaderValue(error: TypeError): void {
  const { message, stack } = error
  error.message =
    'A header of this call has a name or value that HTTP does not allow, such as a line break. ' +
    'Look at apiKey, organization, project and headers.'
  error.stack = stack?.replace(message, () => error.message) ?? ''
}

/**
 * Returns the reason for a connection error: the message of its cause. If the cause is an error of the connection pool, the reason is the
 * origin and the advice in it.
 */
function reasonOf(cause: Error): string {
  const { origin, advice } = cause as { origin?: unknown; advice?: unknown }
  if (typeof origin === 'string' && typeof advice === 'string') return `${origin}: ${advice}`
  return cause.message.replace(/^Request timed out: /, '')
}
