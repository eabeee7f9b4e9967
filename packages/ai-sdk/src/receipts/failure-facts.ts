import type { Failure } from '@harbor/retry'
import type { AttemptFailure } from './receipt.ts'

/** A word of a provider, such as `rate_limit_error`. Anything else is not copied into a receipt. */
const WORD = /^[\w.:-]{1,64}$/

/** Returns the part of a failure that a receipt contains. */
export function failureFacts({ kind, status, code, retryAfterMs, ambiguous }: Failure): AttemptFailure {
  return {
    kind,
    ...(status !== undefined && { status }),
    ...(code !== undefined && WORD.test(code) && { code }),
    ...(retryAfterMs !== undefined && Number.isFinite(retryAfterMs) && { retryAfterMs }),
    ambiguous,
  }
}
