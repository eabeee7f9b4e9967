import type { Check } from './validate.ts'
import { callOr } from './warn.ts'

/** How a call ended. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown; readonly durationMs: number }
  | { readonly ok: false; readonly error: unknown; readonly durationMs: number }

/**
 * What an outcome says about the health of what was called. With `ignore` the call is not counted, and a probe gives its slot
 * to the next caller. `openForMs` is the minimum time, in milliseconds, that the circuit stays open if it opens, such as a
 * server's Retry-After.
 */
export type Verdict = 'success' | 'failure' | 'ignore' | { failure: true; openForMs?: number | undefined }

export type Judge = (outcome: Outcome) => Verdict

/** An error is a failure, except an AbortError, which only says that the caller aborted. */
export function judgeByDefault(outcome: Outcome): Verdict {
  if (outcome.ok) return 'success'
  return (outcome.error as Partial<Error> | null | undefined)?.name === 'AbortError' ? 'ignore' : 'failure'
}

/** Falls back to the default judge when `judge` throws or returns no verdict, so that it never changes a result. */
export function safely(judge: Judge): Judge {
  return (outcome) => callOr('judge', () => judge(outcome), aVerdict, judgeByDefault(outcome))
}

const aVerdict: Check = (value) =>
  ['success', 'failure', 'ignore'].includes(value as string) ||
  (value as { failure?: unknown } | null | undefined)?.failure === true ||
  'success, failure, ignore or { failure: true }'
