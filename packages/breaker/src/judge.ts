import type { Check } from './validate.ts'
import { callOr } from './warn.ts'

/** How a call ended. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown; readonly durationMs: number }
  | { readonly ok: false; readonly error: unknown; readonly durationMs: number }

/**
 * How a call is counted. `ignore`: the call is not counted and, if it was a probe, another call may be the probe instead.
 * `openForMs`: the minimum time that the circuit stays open if it opens, in milliseconds, such as a server's Retry-After.
 */
export type Verdict = 'success' | 'failure' | 'ignore' | { failure: true; openForMs?: number | undefined }

export type Judge = (outcome: Outcome) => Verdict

/**
 * Judges a call by default: an error is a failure. An AbortError is ignored, because it says only that the caller has aborted.
 */
export function judgeByDefault(outcome: Outcome): Verdict {
  if (outcome.ok) return 'success'
  return (outcome.error as Partial<Error> | null | undefined)?.name === 'AbortError' ? 'ignore' : 'failure'
}

/** Wraps a judge. If the judge throws or returns an invalid verdict, a warning is emitted and the default judge decides. */
export function withDefaultJudge(judge: Judge): Judge {
  return (outcome) => callOr('judge', () => judge(outcome), aVerdict, judgeByDefault(outcome))
}

const aVerdict: Check = (value) =>
  ['success', 'failure', 'ignore'].includes(value as string) ||
  (value as { failure?: unknown } | null | undefined)?.failure === true ||
  'success, failure, ignore or { failure: true }'
