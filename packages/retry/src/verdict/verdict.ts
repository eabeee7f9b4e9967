import type { Failure } from '../failure/failure.ts'

/** The reaction to a kind of failure: whether to retry, where to fail over, and what to avoid meanwhile. */
export interface Verdict {
  /**
   * Whether the same target may be tried again. `yes`: as often as the retry policy allows. `once`: once per call for each kind of failure.
   */
  readonly retryHere: 'yes' | 'once' | 'no'
  /**
   * Which other target may take over. `yes`: any. `no`: none. `context-chain`: one of `contextWindowFallback`. `policy-chain`: one of
   * `contentPolicyFallback`. `other-credential`, `other-quota-group`: one with another credential or quota group.
   */
  readonly nextTarget:
    'yes' | 'no' | 'context-chain' | 'policy-chain' | 'other-credential' | 'other-quota-group'
  /**
   * Whether the same target is tried again with another key, if its provider has several and another one is free. `yes`: as often as the
   * retry policy allows. `once`: once per call. @default 'no'
   */
  readonly nextKey?: 'yes' | 'once'
  /** Whether the failure counts against the target's circuit. */
  readonly breaker: 'failure' | 'ignore'
  /**
   * The cooldown that the failure starts. `of`: what calls avoid meanwhile. `ms`: the duration in milliseconds; a longer duration requested
   * by the provider takes precedence. With `as-requested`, the requested duration applies, or one second if the provider requested none.
   */
  readonly cooldown?: {
    readonly of: CooldownScope
    readonly ms: number | 'as-requested'
  }
}

/** What calls avoid during a cooldown. */
export type CooldownScope = 'credential' | 'target-and-model' | 'quota-group'

/** The kinds of failure that Harbor's layers treat differently. */
export type Situation =
  | 'local-fault'
  | 'not-sent'
  | 'sent-unanswered'
  | 'aborted'
  | 'bad-request'
  | 'unable'
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

/** The reaction to each kind of failure. All decisions about retry, failover, circuit and cooldown come from this table. */
export const VERDICTS: Readonly<Record<Situation, Verdict>> = {
  // This process ran out of sockets, memory or the like, which is no failure of the target.
  'local-fault': { retryHere: 'yes', nextTarget: 'yes', breaker: 'ignore' },
  'not-sent': { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  'sent-unanswered': { retryHere: 'once', nextTarget: 'yes', breaker: 'failure' },
  aborted: { retryHere: 'no', nextTarget: 'no', breaker: 'ignore' },
  'bad-request': { retryHere: 'no', nextTarget: 'no', breaker: 'ignore' },
  // The request is valid, but this target cannot express it, or does not obey it.
  unable: { retryHere: 'no', nextTarget: 'yes', breaker: 'ignore' },
  'context-length': { retryHere: 'no', nextTarget: 'context-chain', breaker: 'ignore' },
  'content-filter': { retryHere: 'no', nextTarget: 'policy-chain', breaker: 'ignore' },
  auth: {
    retryHere: 'no',
    nextTarget: 'other-credential',
    nextKey: 'once',
    breaker: 'ignore',
    cooldown: { of: 'credential', ms: COOLDOWN_MS },
  },
  quota: {
    retryHere: 'no',
    nextTarget: 'yes',
    nextKey: 'yes',
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
    nextKey: 'yes',
    breaker: 'ignore',
    cooldown: { of: 'quota-group', ms: 'as-requested' },
  },
  overloaded: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  server: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  malformed: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  'stream-before-content': { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  // The caller already has a part of the answer, so that no other answer can replace it.
  'stream-after-content': { retryHere: 'no', nextTarget: 'no', breaker: 'failure' },
  refused: { retryHere: 'no', nextTarget: 'yes', breaker: 'ignore' },
  unknown: { retryHere: 'no', nextTarget: 'no', breaker: 'ignore' },
}

/**
 * The codes with which a `fetch` of a provider refuses a request that its target cannot express, or discards an answer that did not obey
 * the request. `modelFetch` of `@harbor/ai-sdk` sends them.
 */
const UNABLE: ReadonlySet<string | undefined> = new Set(['unsupported_by_model', 'ignored_by_model'])

/** Finds the row of `VERDICTS` for a failed attempt. */
export function situationOf(failure: Failure): Situation {
  if (failure.origin === 'local') return 'local-fault'
  switch (failure.kind) {
    case 'network':
      return failure.ambiguous ? 'sent-unanswered' : 'not-sent'
    case 'timeout':
      return failure.status === undefined ? 'sent-unanswered' : 'timeout-answer'
    case 'stream':
      return 'stream-before-content'
    case 'bad-request':
      return UNABLE.has(failure.code) ? 'unable' : 'bad-request'
    default:
      return failure.kind
  }
}

/**
 * Finds the row of `VERDICTS` for a stream that ended after its first content had reached the caller. Undefined if the stream is complete.
 */
export function situationAtEnd(outcome: 'success' | 'failure' | 'aborted'): Situation | undefined {
  if (outcome === 'success') return undefined
  return outcome === 'aborted' ? 'aborted' : 'stream-after-content'
}

/** The duration of an `as-requested` cooldown, in milliseconds, if the provider did not request one. */
const SHORT_COOLDOWN_MS = 1_000

/**
 * Returns the cooldown that a failure starts: what calls avoid meanwhile, and the duration in milliseconds. Undefined if it starts none.
 */
export function cooldownOf(failure: Failure): { of: CooldownScope; ms: number } | undefined {
  const { cooldown } = VERDICTS[situationOf(failure)]
  if (!cooldown) return undefined
  // Other models of the account can still be used when the quota of one model is used up.
  const of = failure.quotaOf === 'model' ? 'quota-group' : cooldown.of
  const { ms } = cooldown
  const requestedMs = failure.retryAfterMs
  return {
    of,
    ms: ms === 'as-requested' ? (requestedMs ?? SHORT_COOLDOWN_MS) : Math.max(ms, requestedMs ?? 0),
  }
}
