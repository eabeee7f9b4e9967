import type { BreakerState } from '@harbor/breaker'
import type { FailureKind } from '@harbor/retry'

/** One request to a model, as an observer gets it. */
export interface ObservedAttempt {
  /** The number of the attempt within the call, from 1. */
  readonly number: number
  /** The name of the target, such as `openai.responses/gpt-5`. */
  readonly target: string
  /** Always `undefined`: the AI SDK does not say to which address a model sends its requests. */
  readonly origin: string | undefined
  /**
   * The state of the target's circuit when the attempt was admitted: `closed`, `half-open` for a probe, or `open` if no target was available and this
   * one was called nevertheless. `undefined` with `breaker: false`.
   */
  readonly circuit: BreakerState | undefined
  /** Always `undefined`: the AI SDK does not say which key a model uses. */
  readonly keyIndex: number | undefined
  /**
   * What was removed from the prompt, or replaced, because the target refuses it: one line for each kind of change. Empty without changes. Contains
   * no prompt text.
   */
  readonly adaptations: readonly string[]
  /** The start of the attempt, in milliseconds since 1970. */
  readonly startedAt: number
  /** The duration of the attempt, in milliseconds; `undefined` while it is in flight. */
  readonly durationMs: number | undefined
  /** How long the call waited before this retry, in milliseconds; 0 for other attempts. The delay before a hedge is not included. */
  readonly waitedMs: number
  /** Why the call waited: its own `backoff`, or the `retry-after` of the provider. `nothing` if `waitedMs` is 0. */
  readonly waitedFor: 'nothing' | 'backoff' | 'retry-after'
  /**
   * Why the attempt was made: as the `first` of the call, as a `retry` at the same target, as a `fallback` after another target, or as a `hedge`
   * beside a slow one.
   */
  readonly reason: 'first' | 'retry' | 'fallback' | 'hedge'
  /** The HTTP status of an answer that was an error; `undefined` for other answers, because the AI SDK does not return their status. */
  readonly status: number | undefined
  /** Always `undefined`: the AI SDK does not return the request id. */
  readonly requestId: string | undefined
  /**
   * Why the attempt failed; `undefined` if it succeeded or is in flight. One that lost to a hedge has the kind `aborted` and the code
   * `lost_hedge`.
   */
  readonly failure: ObservedFailure | undefined
}

/** Why an attempt failed, as an observer gets it. */
export interface ObservedFailure {
  /** What went wrong, in one word, such as `rate-limit` or `timeout`: a `FailureKind` of `@harbor/retry`. */
  readonly kind: FailureKind
  /** The error code of the provider or of the transport; `undefined` if there was none. */
  readonly code: string | undefined
  /** Whether the provider may have processed, and billed, the request. */
  readonly ambiguous: boolean
  /** The wait before a retry that the provider requested, in milliseconds; `undefined` if it requested none. */
  readonly retryAfterMs: number | undefined
  /**
   * How far the request got. `not-sent`: it was not sent. `sent`: no answer arrived. `headers`: the status was an error. `body`: the answer was
   * unusable.
   */
  readonly phase: 'not-sent' | 'sent' | 'headers' | 'body'
}
