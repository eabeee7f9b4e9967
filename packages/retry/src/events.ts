import type { Failure } from './failure/failure.ts'

/** An attempt failed and another one follows. */
export interface RetryEvent {
  /** The number of the attempt that failed, counted from 1. */
  readonly attempt: number
  /** The delay before the next attempt, in milliseconds. */
  readonly delayMs: number
  /** Where the delay comes from: the backoff, the server's Retry-After, or `shouldRetry`. */
  readonly reason: 'backoff' | 'retry-after' | 'decision'
  readonly failure: Failure
  /** The error of the attempt; `undefined` if its result was rejected by `shouldRetryResult`. */
  readonly error?: unknown
}

/** A run ends with an error, or with a result that `shouldRetryResult` rejected. */
export interface GiveUpEvent {
  /** The number of attempts made. */
  readonly attempts: number
  /**
   * - `attempts`: `maxAttempts` attempts were made
   * - `not-retryable`: the failure is not retryable, or `shouldRetry` returned false
   * - `retry-after`: the server asks for a longer delay than `maxRetryAfterMs`
   * - `deadline`: `deadlineMs` would pass before the next attempt, or has passed
   * - `budget`: the retry budget is empty
   * - `stopped`: the operation threw StopRetrying, or p-retry's AbortError
   * - `aborted`: the signal was aborted
   * - `broken`: a function given as an option threw; the run rejects with its error
   */
  readonly reason:
    'attempts' | 'not-retryable' | 'retry-after' | 'deadline' | 'budget' | 'stopped' | 'aborted' | 'broken'
  /** The failure of the last attempt; absent if the run was aborted or an option's function threw. */
  readonly failure?: Failure | undefined
  /** The error with which the run rejects; `undefined` if it resolves to a result that `shouldRetryResult` rejected. */
  readonly error?: unknown
}

/** Calls a hook. If it throws or rejects, a warning is emitted: a hook never changes a result. */
export function notify<Event>(hook: ((event: Event) => void) | undefined, event: Event): void {
  if (!hook) return
  const call = async (): Promise<void> => hook(event)
  call().catch(warn)
}

function warn(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(`a retry hook threw: ${String(error)}`, 'HarborWarning')
}
