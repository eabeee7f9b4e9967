import type { FailureKind } from '@harbor/retry'
import type { ClockName } from '../base/errors.ts'
import type { TargetStats } from './target-stats.ts'

/** One request sent to a provider, as receipts and observers have it. */
export interface AttemptRecord {
  /** The number of the attempt within the call, from 1. */
  readonly number: number
  /** The name of the target to which it was sent, such as `openai/gpt-4`. */
  readonly target: string
  /**
   * The origin to which the request was addressed, such as `https://api.openai.com`, without user, path and query; undefined if the address
   * has none. A redirect does not change it.
   */
  readonly origin: string | undefined
  /**
   * The state of the target's circuit when the attempt was admitted: `closed`, or `half-open` for a probe. Undefined without a circuit
   * breaker, and for endpoints whose answers say nothing about the health of a model.
   */
  readonly circuit: TargetStats['state'] | undefined
  /**
   * The index of the key in the provider's list of keys, from 0; undefined if the provider has one key, or if the call was made with a key of its
   * own.
   */
  readonly keyIndex: number | undefined
  /** The changes made to the request for this target, in words; empty if there are none. Changes of address, credential and model are not listed. */
  readonly adaptations: readonly string[]
  /** When the attempt started, in milliseconds since the epoch. */
  readonly startedAt: number
  /** How long the attempt took, in milliseconds; for a stream, until its end. Undefined while it is in flight. */
  readonly durationMs: number | undefined
  /** How long the call waited before this attempt, in milliseconds; 0 if it did not. `waitedFor` is the reason. */
  readonly waitedMs: number
  /**
   * Why the call waited: the `backoff` before a retry, the `retry-after` of the provider, a `limit`, or a service `tier` without
   * capacity. After several waits, the reason of the
   * longest. `nothing` if it did not wait.
   */
  readonly waitedFor: 'nothing' | 'backoff' | 'retry-after' | 'limit' | 'tier'
  /** Why the attempt was made: as the `first` of the call, as a `retry`, a `fallback`, a `hedge`, a `probe` of an open circuit, or to `resume` or `continue` a stream. */
  readonly reason: AttemptReason
  /** The HTTP status of the answer; undefined without an answer. */
  readonly status: number | undefined
  /** The provider's id of the request, from `x-request-id` or `request-id`; undefined if it sent none. */
  readonly requestId: string | undefined
  /** Why the attempt failed; undefined if it succeeded or is in flight. */
  readonly failure: AttemptFailure | undefined
}

/** Why an attempt failed. Contains no message of the provider. */
export interface AttemptFailure {
  /** What went wrong, in one word, such as `rate-limit`, `timeout` or `network`: a `FailureKind` of `@harbor/retry`. */
  readonly kind: FailureKind
  /** The error code of the provider, such as `insufficient_quota`, or of the transport, such as `ECONNRESET`; undefined if there is none. */
  readonly code: string | undefined
  /** Whether the provider may have carried out and billed the request: it was sent, but no complete and valid answer arrived. */
  readonly ambiguous: boolean
  /** The wait before a retry that the provider requested, in milliseconds; undefined if it requested none. */
  readonly retryAfterMs: number | undefined
  /** When it failed: before it was sent (`not-sent`), before an answer (`sent`), by the status or headers (`headers`), or after them (`body`). */
  readonly phase: AttemptPhase
  /** Which of Harbor's timeouts was exceeded; undefined for other failures. */
  readonly clock?: ClockName | undefined
}

/**
 * Why an attempt was made. `first`: it is the first one of the call. `retry`: the previous attempt at the same target failed. `fallback`: its target
 * took over from one that failed or was skipped. `hedge`: another target was slow. `probe`: it tests a target whose circuit was open.
 * `resume`: it requests the rest of a stream that broke. `continue`: it asks the model to continue such a stream. See the option `onStreamFailure`.
 */
export type AttemptReason = 'first' | 'retry' | 'fallback' | 'hedge' | 'probe' | 'resume' | 'continue'

/**
 * The phase in which an attempt failed. `not-sent`: before the request was sent. `sent`: after the request, or a part of it, was sent, and
 * before an answer arrived. `headers`: the status or the headers of the answer showed the failure. `body`: after the headers arrived.
 */
export type AttemptPhase = 'not-sent' | 'sent' | 'headers' | 'body'

/**
 * Why a call waited. `queue`: until its batch was sent, or until a call in flight ended, because `maxConcurrency` was reached. `limit`: for a rate
 * limit, or for the money of a spend limit that several processes share. `backoff`: before a retry. `retry-after`: before a retry, for as long as the
 * provider requested. `hedge-delay`: for a slow target, until a second one was called. `tier`: until a cheaper
 * service tier may have capacity again, in a call with `prefer: 'cheapest'`.
 */
export type WaitReason = 'queue' | 'limit' | 'backoff' | 'retry-after' | 'hedge-delay' | 'tier'

/** One wait of a call, such as before a retry or for a rate limit; `reason` says for what. */
export interface WaitRecord {
  /** Why the call waited: `queue`, `limit`, `backoff`, `retry-after`, `hedge-delay` or `tier`. `WaitReason` explains each. */
  readonly reason: WaitReason
  /** When the wait began, in milliseconds since the epoch. */
  readonly startedAt: number
  /** How long the call waited, in milliseconds. */
  readonly ms: number
}
