import type { RetryAfter } from '../script/fault.ts'

/** Returns the header that says when to try again, as OpenAI and Anthropic send it: name and value, or nothing. */
export function retryHeaders(retryAfter: RetryAfter | undefined): string[] {
  if (retryAfter === undefined) return []
  if (typeof retryAfter === 'number') return ['retry-after-ms', String(retryAfter)]
  if (typeof retryAfter === 'string') return ['retry-after', retryAfter]
  return ['retry-after', new Date(Date.now() + retryAfter.dateInMs).toUTCString()]
}
