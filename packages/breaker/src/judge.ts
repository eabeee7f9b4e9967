import type { Check } from './validate.ts'
import { callOr } from './warn.ts'

/** How a call ended. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown; readonly durationMs: number }
  | { readonly ok: false; readonly error: unknown; readonly durationMs: number }

/**
 * How a call is counted. With `ignore` it is not counted, and the slot of a probe is free for the next call. `openForMs` is the
 * minimum time, in milliseconds, that the circuit stays open if it opens, such as a server's Retry-After.
 */
export type Verdict = 'success' | 'failure' | 'ignore' | { failure: true; openForMs?: number | undefined }

export type Judge = (outcome: Outcome) => Verdict

/** The default judge: an error is a failure, except an AbortError, which only says that the caller aborted. */
export function judgeByDefault(outcome: Outcome): Verdict {
  if (outcome.ok) return 'success'
  return (outcome.error as Partial<Error> | null | undefined)?.name === 'AbortError' ? 'ignore' : 'failure'
}

/** Wraps a judge: when it throws or returns an invalid verdict, a warning is emitted and the default judge decides. */
export function withDefaultJudge(judge: Judge): Judge {
  return (outcome) => callOr('judge', () => judge(outcome), aVerdict, judgeByDefault(outcome))
}

const aVerdict: Check = (value) =>
  ['success', 'failure', 'ignore'].includes(value as string) ||
  (value as { failure?: unknown } | null | undefined)?.failure === true ||
  'success, failure, ignore or { failure: true }'
