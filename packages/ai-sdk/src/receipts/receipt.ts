import type { FailureKind } from '@harbor/retry'

/** What happened in one call of a fallback model. Plain JSON, without prompts, answers, keys and addresses. */
export interface ModelReceipt {
  /** Identifies the call. Unique across processes. */
  readonly id: string
  /** `success`: a target answered, or the last resort did. `aborted`: the caller aborted the call or cancelled its stream. */
  readonly outcome: 'success' | 'failure' | 'aborted'
  /** The name of the target that answered, such as `openai.responses/gpt-5`; `last resort` if none did. */
  readonly target?: string
  /** The provider of the model that answered, as the AI SDK names it, such as `openai.responses`. */
  readonly provider?: string
  readonly modelId?: string
  /** Whether the answer comes from the option `lastResort`. */
  readonly degraded: boolean
  /** The start of the call, in milliseconds since 1970. */
  readonly startedAt: number
  /** The time until the answer was complete, or the call failed, in milliseconds. */
  readonly durationMs: number
  /** For a stream: the time until its first content, in milliseconds. */
  readonly firstContentMs?: number
  /** The number of requests that were sent to models, including hedges. */
  readonly upstreamCalls: number
  /** The labels of the model and of the call. */
  readonly labels: Readonly<Record<string, string>>
  /** The attempts in the order in which they started, and the targets that were skipped. */
  readonly attempts: readonly ModelAttempt[]
}

/** One attempt at a target, or a target that was skipped. */
export interface ModelAttempt {
  readonly target: string
  readonly outcome: 'answered' | 'failed' | 'abandoned' | 'skipped'
  /** Why the attempt was made. `undefined` for a target that was skipped. */
  readonly reason?: 'first' | 'retry' | 'fallback' | 'hedge'
  /** The start of the attempt, in milliseconds since 1970. */
  readonly startedAt: number
  readonly durationMs: number
  /** What was removed from the prompt, or replaced, because the target refuses it: marks of other vendors. No text of the prompt. */
  readonly adaptations: readonly string[]
  readonly failure?: AttemptFailure
  /** Why the target was skipped, such as `circuit open`. */
  readonly skipped?: string
}

/** The kind of a failed attempt, and what the provider said about it. */
export interface AttemptFailure {
  readonly kind: FailureKind
  readonly status?: number
  readonly code?: string
  readonly retryAfterMs?: number
  /** Whether the provider may have processed, and billed, the request. */
  readonly ambiguous: boolean
}
