import type { Failure, FailureKind } from '@harbor/retry'

/** What a failed attempt leads to. */
export interface Verdict {
  /** Whether the same target is tried again: any number of times, or once for failures of this kind. */
  readonly retryHere: 'yes' | 'once' | 'no'
  /** Which other target may take over: any, one with another credential or quota group, or one of the chain given for the case. */
  readonly nextTarget:
    'yes' | 'no' | 'context-chain' | 'policy-chain' | 'other-credential' | 'other-quota-group'
  /** Whether it counts as a failure of the target's circuit. */
  readonly breaker: 'failure' | 'ignore'
  /** What calls avoid for a while, and for how long in milliseconds, unless the provider asks for longer. */
  readonly cooldown?: {
    readonly of: CooldownScope
    readonly ms: number | 'as-requested'
  }
}

export type CooldownScope = 'credential' | 'target-and-model' | 'quota-group'

/** The kinds of failure that Harbor's layers treat differently. */
export type Situation =
  | 'local-fault'
  | 'not-sent'
  | 'sent-unanswered'
  | 'aborted'
  | 'bad-request'
  | 'context-length'
  | 'content-filter'
  | 'auth'
  | 'quota'
  | 'not-found'
  | 'timeout-answer'
  | 'conflict'
  | 'rate-limit'
  | 'overloaded'
  | 'server'
  | 'malformed'
  | 'stream-before-content'
  | 'stream-after-content'
  | 'refused'
  | 'unknown'

const COOLDOWN_MS = 5 * 60_000

/** The one table of what a failure leads to: retry, failover, circuit and cooldowns are decided here. */
export const VERDICTS: Readonly<Record<Situation, Verdict>> = {
  // This process ran out of sockets, memory or the like, which is no failure of the target.
  'local-fault': { retryHere: 'yes', nextTarget: 'yes', breaker: 'ignore' },
  'not-sent': { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  'sent-unanswered': { retryHere: 'once', nextTarget: 'yes', breaker: 'failure' },
  aborted: { retryHere: 'no', nextTarget: 'no', breaker: 'ignore' },
  'bad-request': { retryHere: 'no', nextTarget: 'no', breaker: 'ignore' },
  'context-length': { retryHere: 'no', nextTarget: 'context-chain', breaker: 'ignore' },
  'content-filter': { retryHere: 'no', nextTarget: 'policy-chain', breaker: 'ignore' },
  auth: {
    retryHere: 'no',
    nextTarget: 'other-credential',
    breaker: 'ignore',
    cooldown: { of: 'credential', ms: COOLDOWN_MS },
  },
  quota: {
    retryHere: 'no',
    nextTarget: 'yes',
    breaker: 'ignore',
    cooldown: { of: 'credential', ms: COOLDOWN_MS },
  },
  'not-found': {
    retryHere: 'no',
    nextTarget: 'yes',
    breaker: 'ignore',
    cooldown: { of: 'target-and-model', ms: COOLDOWN_MS },
  },
  'timeout-answer': { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  conflict: { retryHere: 'once', nextTarget: 'no', breaker: 'ignore' },
  'rate-limit': {
    retryHere: 'yes',
    nextTarget: 'other-quota-group',
    breaker: 'ignore',
    cooldown: { of: 'quota-group', ms: 'as-requested' },
  },
  overloaded: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  server: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  malformed: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  'stream-before-content': { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  // The caller already has a part of the answer, which nothing can take back.
  'stream-after-content': { retryHere: 'no', nextTarget: 'no', breaker: 'failure' },
  refused: { retryHere: 'no', nextTarget: 'yes', breaker: 'ignore' },
  unknown: { retryHere: 'no', nextTarget: 'no', breaker: 'ignore' },
}

/** The row of the table for a failed attempt. */
export function situationOf(failure: Failure): Situation {
  if (failure.origin === 'local') return 'local-fault'
  switch (failure.kind) {
    case 'network':
      return failure.ambiguous ? 'sent-unanswered' : 'not-sent'
    case 'timeout':
      return failure.status === undefined ? 'sent-unanswered' : 'timeout-answer'
    case 'stream':
      return 'stream-before-content'
    default:
      return failure.kind
  }
}

/** The row for a stream that ended after its first content had reached the caller; undefined when it is complete. */
export function situationAtEnd(outcome: 'success' | 'failure' | 'aborted'): Situation | undefined {
  if (outcome === 'success') return undefined
  return outcome === 'aborted' ? 'aborted' : 'stream-after-content'
}

/** For a provider that asks for a pause and does not say how long. */
const SHORT_COOLDOWN_MS = 1_000

/** What calls avoid after this failure, and for how long, in milliseconds. */
export function cooldownOf(failure: Failure): { of: CooldownScope; ms: number } | undefined {
  const { cooldown } = VERDICTS[situationOf(failure)]
  if (!cooldown) return undefined
  const { of, ms } = cooldown
  const requestedMs = failure.retryAfterMs
  return {
    of,
    ms: ms === 'as-requested' ? (requestedMs ?? SHORT_COOLDOWN_MS) : Math.max(ms, requestedMs ?? 0),
  }
}

/** The status the caller gets for an error that a provider reported under a status of success. */
const STATUS_OF_KIND: Partial<Readonly<Record<FailureKind, number>>> = {
  'bad-request': 400,
  'context-length': 400,
  'content-filter': 400,
  auth: 401,
  'not-found': 404,
  timeout: 408,
  conflict: 409,
  'rate-limit': 429,
  quota: 429,
  server: 500,
  overloaded: 503,
}

/** The status for a failure: its own if that is a status of failure, else the usual one of its kind, else 502. */
export function statusOf(failure: Failure): number {
  if (failure.status !== undefined && isFailureStatus(failure.status)) return failure.status
  return STATUS_OF_KIND[failure.kind] ?? 502
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Whether a status redirects the request. */
export function isRedirectStatus(status: number): boolean {
  return REDIRECTS.has(status)
}

/** Whether a status says that the upstream failed or refused. */
export function isFailureStatus(status: number): boolean {
  return status >= 400
}

/** Whether a health check with this answer shows a target that cannot serve calls yet. Other failures show that it is back. */
export function isOutOfOrder(status: number): boolean {
  return status >= 500 || status === 429
}

/**
 * The status that a rate limiter learns from. A used-up quota often comes as 429, too, but no pause helps against it, so that the
 * limiter must not take it for a rate limit.
 */
export function limiterStatusOf(failure: Failure): number | undefined {
  if (situationOf(failure) === 'rate-limit') return 429
  return failure.status === 429 ? 402 : failure.status
}
