import type { Failure } from './failure.ts'

/** An attempt failed and another one follows. */
export interface RetryEvent {
  /** Number of the attempt that failed, counted from 1. */
  readonly attempt: number
  /** How long the next one is put off, in milliseconds. */
  readonly delayMs: number
  /** Who chose that delay: the backoff, the server, or `shouldRetry`. */
  readonly reason: 'backoff' | 'retry-after' | 'decision'
  readonly failure: Failure
  /** What was thrown; `undefined` if a result was refused. */
  readonly error?: unknown
}

/** No attempt follows: the run ends without a result that is accepted. */
export interface GiveUpEvent {
  /** How many attempts were made. */
  readonly attempts: number
  /**
   * - `attempts`: `maxAttempts` were made
   * - `not-retryable`: the failure, or `shouldRetry`, says that another attempt is of no use
   * - `retry-after`: the server asks for more than `maxRetryAfterMs`
   * - `deadline`: `deadlineMs` would pass before the next attempt, or has passed
   * - `budget`: the retry budget is empty
   * - `stopped`: the operation threw StopRetrying, or an AbortError of p-retry
   * - `aborted`: the signal was aborted
   * - `broken`: a function given as an option threw; its error ends the run
   */
  readonly reason:
    'attempts' | 'not-retryable' | 'retry-after' | 'deadline' | 'budget' | 'stopped' | 'aborted' | 'broken'
  /** What the last attempt failed with; absent if the run was aborted or an option's function threw. */
  readonly failure?: Failure | undefined
  /** What the run rejects with; `undefined` if it resolves to a result that was refused. */
  readonly error?: unknown
}

/** Calls a hook. What it throws, at once or later, becomes a warning: a listener never changes a result. */
export function notify<Event>(hook: ((event: Event) => void) | undefined, event: Event): void {
  if (!hook) return
  const call = async (): Promise<void> => hook(event)
  call().catch(warn)
}

function warn(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(`a retry hook threw: ${String(error)}`, 'HarborWarning')
}
