import type { FailureKind } from '@harbor/retry'

/** What happened in one call of a fallback model. Plain JSON, without prompts, answers, keys and addresses. */
export interface ModelReceipt {
  /** Identifies the call. Unique across processes. */
  readonly id: string
  /**
   * `success`: a target or the option `lastResort` answered. `failure`: the call failed, or its stream did. `aborted`: the caller aborted the call,
   * cancelled its stream, or did not read it for 5 minutes.
   */
  readonly outcome: 'success' | 'failure' | 'aborted'
  /**
   * The name of the target that answered or whose stream began, such as `openai.responses/gpt-5`; `last resort` if the option `lastResort` answered.
   * Missing if no target answered.
   */
  readonly target?: string
  /** The provider of the model that answered, as the AI SDK names it, such as `openai.responses`. Missing if no model answered. */
  readonly provider?: string
  /** The id of the model that answered, such as `gpt-5`. Missing if no model answered. */
  readonly modelId?: string
  /** Whether the answer comes from the option `lastResort`. */
  readonly degraded: boolean
  /** The start of the call, in milliseconds since 1970. */
  readonly startedAt: number
  /** The time until the answer was complete, or the call failed, in milliseconds. */
  readonly durationMs: number
  /** For a stream: the time from the start of the call until its first content, in milliseconds. Missing for other calls, or if none arrived. */
  readonly firstContentMs?: number
  /** The number of requests that were sent to models, including retries and hedges. */
  readonly upstreamCalls: number
  /** The labels of the model and of the call; an empty object if there are none. */
  readonly labels: Readonly<Record<string, string>>
  /** The attempts in the order in which they started, and the targets that were skipped. */
  readonly attempts: readonly ModelAttempt[]
}

/** One attempt at a target, or a target that was skipped. */
export interface ModelAttempt {
  /** The name of the target, such as `openai.responses/gpt-5`. */
  readonly target: string
  /**
   * `answered`: with a complete answer or a stream. `failed`: see `failure`. `abandoned`: another target answered first, the caller aborted, or
   * `totalMs` was over. `skipped`: the target was not called; see the field `skipped`.
   */
  readonly outcome: 'answered' | 'failed' | 'abandoned' | 'skipped'
  /**
   * Why the attempt was made: as the `first` of the call, as a `retry` at the same target, as a `fallback` after another target, or as a `hedge`
   * beside a slow one. Missing for a target that was skipped.
   */
  readonly reason?: 'first' | 'retry' | 'fallback' | 'hedge'
  /** The start of the attempt, in milliseconds since 1970. */
  readonly startedAt: number
  /** The duration, in milliseconds: until the attempt was answered, failed or was abandoned; for a stream, until its end. 0 for a skipped target. */
  readonly durationMs: number
  /**
   * What was removed from the prompt, or replaced, because the target refuses it, such as reasoning of another vendor: one line for each kind of
   * change. Empty without changes. Contains no prompt text.
   */
  readonly adaptations: readonly string[]
  /** Why the attempt failed; missing for every other outcome. */
  readonly failure?: AttemptFailure
  /** Why the target was skipped, in words, such as `circuit open`; missing for every other outcome. */
  readonly skipped?: string
}

/** Why an attempt failed, and what the provider said about it. */
export interface AttemptFailure {
  /** What went wrong, in one word, such as `rate-limit` or `timeout`: a `FailureKind` of `@harbor/retry`. */
  readonly kind: FailureKind
  /** The HTTP status of the provider's answer. Missing if there was none. */
  readonly status?: number
  /**
   * The error code of the provider or of the transport, such as `insufficient_quota`. Missing if there was none, or if it does not look like a code:
   * 1 to 64 letters, digits, and `_`, `.`, `:` or `-`.
   */
  readonly code?: string
  /** How long the provider asks clients to wait before the next request, in milliseconds. Missing if it does not ask. */
  readonly retryAfterMs?: number
  /** Whether the provider may have processed, and billed, the request. */
  readonly ambiguous: boolean
}
