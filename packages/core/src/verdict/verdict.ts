import type { Failure, FailureKind } from '@harbor/retry'

/**
 * What a situation leads to. `rests` names what is left alone for a while, and for how long unless the provider
 * asks for longer.
 */
export interface Verdict {
  readonly retryHere: 'yes' | 'once' | 'after-retry-after' | 'no'
  readonly nextTarget:
    'yes' | 'no' | 'context-chain' | 'policy-chain' | 'other-credential' | 'other-quota-group'
  readonly breaker: 'success' | 'failure' | 'ignore'
  readonly rests?: {
    readonly what: Resting
    readonly ms: number | 'as-asked'
  }
  readonly cacheable: 'yes' | 'no' | 'opt-in'
}

export type Resting = 'credential' | 'target-and-model' | 'quota-group'

/** Everything that can become of a request, as far as layers act on it differently. */
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
  | 'complete'
  | 'cut-by-length'

const REST_MS = 5 * 60_000

/** The one table of what leads to what. Layers read their column. */
export const VERDICTS: Readonly<Record<Situation, Verdict>> = {
  // No target is to blame when this process has no socket to call it with.
  'local-fault': { retryHere: 'yes', nextTarget: 'yes', breaker: 'ignore', cacheable: 'no' },
  'not-sent': { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure', cacheable: 'no' },
  'sent-unanswered': { retryHere: 'once', nextTarget: 'yes', breaker: 'failure', cacheable: 'no' },
  aborted: { retryHere: 'no', nextTarget: 'no', breaker: 'ignore', cacheable: 'no' },
  'bad-request': { retryHere: 'no', nextTarget: 'no', breaker: 'ignore', cacheable: 'no' },
  'context-length': { retryHere: 'no', nextTarget: 'context-chain', breaker: 'ignore', cacheable: 'no' },
  'content-filter': { retryHere: 'no', nextTarget: 'policy-chain', breaker: 'ignore', cacheable: 'no' },
  auth: {
    retryHere: 'no',
    nextTarget: 'other-credential',
    breaker: 'ignore',
    rests: { what: 'credential', ms: REST_MS },
    cacheable: 'no',
  },
  quota: {
    retryHere: 'no',
    nextTarget: 'yes',
    breaker: 'ignore',
    rests: { what: 'credential', ms: REST_MS },
    cacheable: 'no',
  },
  'not-found': {
    retryHere: 'no',
    nextTarget: 'yes',
    breaker: 'ignore',
    rests: { what: 'target-and-model', ms: REST_MS },
    cacheable: 'no',
  },
  'timeout-answer': { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure', cacheable: 'no' },
  conflict: { retryHere: 'once', nextTarget: 'no', breaker: 'ignore', cacheable: 'no' },
  'rate-limit': {
    retryHere: 'after-retry-after',
    nextTarget: 'other-quota-group',
    breaker: 'ignore',
    rests: { what: 'quota-group', ms: 'as-asked' },
    cacheable: 'no',
  },
  overloaded: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure', cacheable: 'no' },
  server: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure', cacheable: 'no' },
  malformed: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure', cacheable: 'no' },
  'stream-before-content': { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure', cacheable: 'no' },
  'stream-after-content': { retryHere: 'no', nextTarget: 'no', breaker: 'failure', cacheable: 'no' },
  refused: { retryHere: 'no', nextTarget: 'yes', breaker: 'ignore', cacheable: 'no' },
  unknown: { retryHere: 'no', nextTarget: 'no', breaker: 'ignore', cacheable: 'no' },
  complete: { retryHere: 'no', nextTarget: 'no', breaker: 'success', cacheable: 'yes' },
  'cut-by-length': { retryHere: 'no', nextTarget: 'no', breaker: 'success', cacheable: 'opt-in' },
}

/** Finds the row of the table for a failed attempt. */
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

/** For a provider that asks to be left alone and does not say how long. */
const SHORT_REST_MS = 1_000

/** What is left alone after such a failure, and for how long, in milliseconds. */
export function restOf(failure: Failure): { what: Resting; ms: number } | undefined {
  const { rests } = VERDICTS[situationOf(failure)]
  if (!rests) return undefined
  const { what, ms } = rests
  const askedMs = failure.retryAfterMs
  return { what, ms: ms === 'as-asked' ? (askedMs ?? SHORT_REST_MS) : Math.max(ms, askedMs ?? 0) }
}

/** The status the caller gets for an error that a provider told under a status of success. */
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

/** The status that stands for a failure: its own, or the one its kind usually has, or that of a bad gateway. */
export function statusOf(failure: Failure): number {
  if (failure.status !== undefined && isFailureStatus(failure.status)) return failure.status
  return STATUS_OF_KIND[failure.kind] ?? 502
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Whether a status sends the request somewhere else. */
export function isRedirectStatus(status: number): boolean {
  return REDIRECTS.has(status)
}

/** Whether a status says that the upstream failed or refused. */
export function isFailureStatus(status: number): boolean {
  return status >= 400
}
