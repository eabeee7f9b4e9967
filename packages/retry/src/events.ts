import type { Failure } from './failure/failure.ts'

/** The event passed to `onRetry`: an attempt failed, and another one follows after a delay. */
export interface RetryEvent {
  /** The number of the attempt that failed, counted from 1. */
  readonly attempt: number
  /** The delay before the next attempt, in milliseconds, jitter included. It begins when the event has been delivered. */
  readonly delayMs: number
  /** The source of the delay: the backoff, the Retry-After of the server, or the decision of `shouldRetry`. */
  readonly reason: 'backoff' | 'retry-after' | 'decision'
  /** Why the attempt failed: its error or its result, as classified by the option `classify`, or by the built-in function. */
  readonly failure: Failure
  /** The error of the attempt; `undefined` if it returned a result for which `shouldRetryResult` returned `true`. */
  readonly error?: unknown
}

/** The event of a run that ends with an error, or with a result for which `shouldRetryResult` returned `true`. */
export interface GiveUpEvent {
  /** The number of attempts made, the first one included; 0 if the run ended before the first attempt. */
  readonly attempts: number
  /**
   * The reason why the run ended:
   * - `attempts`: `maxAttempts` attempts were made
   * - `not-retryable`: the failure is not retryable, or `shouldRetry` returned false
   * - `retry-after`: the server asks for a longer delay than `maxRetryAfterMs`
   * - `deadline`: `deadlineMs` has passed, or would pass before the next attempt
   * - `budget`: the retry budget is empty
   * - `stopped`: the operation threw StopRetrying, or p-retry's AbortError
   * - `aborted`: the signal was aborted
   * - `broken`: a function given as an option threw; the run ends with its error
   */
  readonly reason:
    'attempts' | 'not-retryable' | 'retry-after' | 'deadline' | 'budget' | 'stopped' | 'aborted' | 'broken'
  /** The failure of the last attempt. Absent if there was no attempt, the run was aborted, or a function given as an option threw. */
  readonly failure?: Failure | undefined
  /** The error that the run ends with; `undefined` if it ends with a result for which `shouldRetryResult` returned `true`. */
  readonly error?: unknown
}

/** Calls a hook. An error of the hook only emits a warning: a hook never changes the result of a run. */
export function notify<Event>(hook: ((event: Event) => void) | undefined, event: Event): void {
  if (!hook) return
  const call = async (): Promise<void> => hook(event)
  call().catch(warn)
}

function warn(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(`a retry hook threw: ${String(error)}`, 'HarborWarning')
}
