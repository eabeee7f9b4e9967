import type { FailureKind } from '@harbor/retry'
import type { ClockName } from '../base/errors.ts'

/** One request sent to a provider. */
export interface AttemptRecord {
  /** The number of the attempt within the call, from 1. */
  readonly number: number
  readonly target: string
  /**
   * The index of the key in the provider's list of keys; undefined if the provider has one key, or if the call was made with a key of its
   * own.
   */
  readonly keyIndex: number | undefined
  /** The changes made to the request for this target, in words. Changes of address, credential and model are not listed. */
  readonly adaptations: readonly string[]
  /** When the attempt started, in milliseconds since the epoch. */
  readonly startedAt: number
  readonly durationMs: number | undefined
  /** How long the call waited before this attempt, in milliseconds; `waitedFor` is the reason. */
  readonly waitedMs: number
  readonly waitedFor: 'nothing' | 'backoff' | 'retry-after' | 'limit'
  /** Why the attempt was made. */
  readonly reason: AttemptReason
  /** HTTP status of the answer; undefined without an answer. */
  readonly status: number | undefined
  /** The provider's id of the request, from `x-request-id` or `request-id`. */
  readonly requestId: string | undefined
  /** Why the attempt failed; undefined if it succeeded or is in flight. */
  readonly failure: AttemptFailure | undefined
}

/** Why an attempt failed. */
export interface AttemptFailure {
  readonly kind: FailureKind
  /** The error code of the provider or of the transport. */
  readonly code: string | undefined
  /** Whether the request was sent but not answered, so that the provider may have carried it out. */
  readonly ambiguous: boolean
  /** The wait before a retry that the provider requested, in milliseconds. */
  readonly retryAfterMs: number | undefined
  readonly phase: AttemptPhase
  /** Which of Harbor's timeouts was exceeded; undefined for other failures. */
  readonly clock?: ClockName | undefined
}

/**
 * Why an attempt was made. `first`: it is the first one of the call. `retry`: the previous attempt at the same target failed. `fallback`: its
 * target took over. `hedge`: another target was slow. `probe`: it tests a target whose circuit was open.
 */
export type AttemptReason = 'first' | 'retry' | 'fallback' | 'hedge' | 'probe'

/**
 * The phase in which an attempt failed. `not-sent`: before the request was sent. `sent`: after the request, or a part of it, was sent, and
 * before an answer arrived. `headers`: the status or the headers of the answer showed the failure. `body`: after the headers arrived.
 */
export type AttemptPhase = 'not-sent' | 'sent' | 'headers' | 'body'

/**
 * Why a call waited. `queue`: for other calls to join its batch, or to end, because `maxConcurrency` was reached. `limit`: for a rate
 * limit. `backoff`: before a retry. `retry-after`: before a retry, for as long as the provider requested. `hedge-delay`: for a slow target,
 * before a second target was called.
 */
export type WaitReason = 'queue' | 'limit' | 'backoff' | 'retry-after' | 'hedge-delay'

/** One wait of a call. */
export interface WaitRecord {
  readonly reason: WaitReason
  /** When the wait began, in milliseconds since the epoch. */
  readonly startedAt: number
  /** The length of the wait, in milliseconds. */
  readonly ms: number
}
