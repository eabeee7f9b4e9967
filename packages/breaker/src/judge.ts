import type { Check } from './validate.ts'
import { callOr } from './warn.ts'

/** How a call ended, for the option `judge`: with a value (`ok: true`) or with an error. */
export type Outcome =
  | {
      /** The operation returned or resolved. */
      readonly ok: true
      /** What the operation returned, or what its promise resolved to. */
      readonly value: unknown
      /** How long the call took, in milliseconds; for a streamed answer, the time until it began. */
      readonly durationMs: number
    }
  | {
      /** The operation threw or rejected, or the permit was ended by `fail`. */
      readonly ok: false
      /** What the operation threw or rejected with, or what was passed to `fail`. */
      readonly error: unknown
      /** How long the call took, in milliseconds; for a streamed answer, the time until it began. */
      readonly durationMs: number
    }

/**
 * How a call is counted. `ignore`: the call is not counted and, if it was a probe, another call may be the probe instead. An object: the call is a
 * failure, and may set how long the circuit stays open.
 */
export type Verdict =
  | 'success'
  | 'failure'
  | 'ignore'
  | {
      /** Always `true`: the call counts as a failure. */
      failure: true
      /**
       * The minimum time that the circuit stays open if it opens, in milliseconds, such as a server's Retry-After. At most 10 minutes, or the option
       * `openForMs` if that is longer. @default 0
       */
      openForMs?: number | undefined
      /**
       * Whether the failure concerns the whole account, such as a rate limit, and not only this process. With the option `store`, a circuit that
       * opens because of it opens in all processes at once. @default true if the `status` of the error is 401, 402 or 429
       */
      isOfAccount?: boolean | undefined
    }

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

/** The statuses of a refused credential, of an exhausted quota and of a rate limit. */
const ACCOUNT_STATUSES: readonly unknown[] = [401, 402, 429]

/** Whether a failure is about the account, so that it would be the same in every process. */
export function isOfAccount(verdict: Verdict, error: unknown): boolean {
  const stated = typeof verdict === 'object' ? verdict.isOfAccount : undefined
  return stated ?? ACCOUNT_STATUSES.includes((error as { status?: unknown } | null | undefined)?.status)
}

const aVerdict: Check = (value) =>
  ['success', 'failure', 'ignore'].includes(value as string) ||
  (value as { failure?: unknown } | null | undefined)?.failure === true ||
  'success, failure, ignore or { failure: true }'
