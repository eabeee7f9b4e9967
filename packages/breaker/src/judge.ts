import type { Check } from './validate.ts'
import { ask } from './warn.ts'

/** How a call ended. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown; readonly durationMs: number }
  | { readonly ok: false; readonly error: unknown; readonly durationMs: number }

/**
 * What an outcome says about the health of what was called. `ignore` says nothing: the call is not counted, and a probe
 * leaves its slot to the next caller. `openForMs` is the least time, in milliseconds, that the circuit stays open if it
 * opens: what a server asked for with Retry-After.
 */
export type Verdict = 'success' | 'failure' | 'ignore' | { failure: true; openForMs?: number | undefined }

export type Judge = (outcome: Outcome) => Verdict

/** What throws is a failure, except that an AbortError says that the caller has left, and nothing else. */
export function judgeByDefault(outcome: Outcome): Verdict {
  if (outcome.ok) return 'success'
  return (outcome.error as Partial<Error> | null | undefined)?.name === 'AbortError' ? 'ignore' : 'failure'
}

/** A judge that throws, or says what is no verdict, must not change the result of the call: then the default one judges. */
export function carefully(judge: Judge): Judge {
  return (outcome) => ask('judge', () => judge(outcome), aVerdict, judgeByDefault(outcome))
}

const aVerdict: Check = (value) =>
  ['success', 'failure', 'ignore'].includes(value as string) ||
  (value as { failure?: unknown } | null | undefined)?.failure === true ||
  'success, failure, ignore or { failure: true }'
