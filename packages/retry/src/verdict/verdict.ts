import type { Failure } from '../failure/failure.ts'

/** What Harbor does after a failure of one kind: whether it retries, which target takes over, and which cooldown starts. */
export interface Verdict {
  /**
   * Whether the same target may be tried again. `yes`: as often as the retry policy allows. `once`: at most once per call after failures of
   * this kind. `no`: never.
   */
  readonly retryHere: 'yes' | 'once' | 'no'
  /**
   * Which other target may take over. `yes`: any. `no`: none. `context-chain`: a target of the client's option `contextWindowFallback`.
   * `policy-chain`: a target of its option `contentPolicyFallback`. `other-credential`: a target with another API key. `other-quota-group`: a target
   * that does not share this target's rate limit.
   */
  readonly nextTarget:
    'yes' | 'no' | 'context-chain' | 'policy-chain' | 'other-credential' | 'other-quota-group'
  /**
   * Whether the same target is tried again with another API key, if its provider has several keys and another one is not in cooldown. `yes`: as often
   * as the retry policy allows. `once`: at most once per call. @default undefined: never
   */
  readonly nextKey?: 'yes' | 'once'
  /**
   * Whether the failure counts against the target's circuit. `failure`: it counts as a failed call. `ignore`: the circuit does not count the call.
   */
  readonly breaker: 'failure' | 'ignore'
  /**
   * Whether the provider may have billed the request. `no`: it has not, since nothing was sent. `yes`: it may have, even if it answered with an error
   * status. A failure that is `ambiguous` may have been billed in any case. @default an answer with an error status is free; a request without an
   * answer may have been billed
   */
  readonly billed?: 'no' | 'yes'
  /** Whether the content of the request caused the failure, so that a request with other content could succeed. @default false */
  readonly causedByContent?: true
  /** The cooldown that the failure starts; undefined for none. */
  readonly cooldown?: {
    /** What is in cooldown, so that calls avoid it, such as the credential, or all targets of the quota group. */
    readonly of: CooldownScope
    /**
     * The minimum duration, in milliseconds; the cooldown is longer if the provider asks for longer. `as-requested`: the duration that the provider
     * asks for, or one second if it asks for none.
     */
    readonly ms: number | 'as-requested'
  }
}

/**
 * What is in cooldown, so that calls avoid it until it ends. `credential`: every target with the same API key. `target-and-model`: one model at one
 * provider. `quota-group`: the targets that share one rate limit. `service-tier`: one service tier of one model, such as `flex`.
 */
export type CooldownScope = 'credential' | 'target-and-model' | 'quota-group' | 'service-tier'

/**
 * A kind of failure that Harbor treats in its own way: the key of a row of `VERDICTS`. Most have the name and the meaning of a `FailureKind`. The
 * others:
 * - `local-fault`: this process or machine is the cause, not the target
 * - `not-sent`: the connection failed before the request was sent
 * - `sent-unanswered`: the request may have been sent, but no complete answer arrived: the connection failed, or time ran out
 * - `unable`: the target cannot express the request
 * - `tier-unavailable`: the service tier that the request asks for, such as `flex`, has no capacity now; other tiers may have
 * - `timeout-answer`: the server itself reported a timeout
 * - `stream-before-content`: a stream failed before the caller had received content
 * - `stream-after-content`: a stream failed after the caller had received content
 */
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
  | 'tier-unavailable'
  | 'overloaded'
  | 'server'
  | 'malformed'
  | 'stream-before-content'
  | 'stream-after-content'
  | 'refused'
  | 'unknown'

const COOLDOWN_MS = 5 * 60_000

/** What Harbor does after each kind of failure, by the kind. All decisions about retry, failover, circuit and cooldown come from this table. */
export const VERDICTS: Readonly<Record<Situation, Verdict>> = {
  // This process ran out of sockets, memory or the like, which is no failure of the target.
  'local-fault': { retryHere: 'yes', nextTarget: 'yes', breaker: 'ignore', billed: 'no' },
  'not-sent': { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure', billed: 'no' },
  'sent-unanswered': { retryHere: 'once', nextTarget: 'yes', breaker: 'failure' },
  aborted: { retryHere: 'no', nextTarget: 'no', breaker: 'ignore', billed: 'yes' },
  'bad-request': { retryHere: 'no', nextTarget: 'no', breaker: 'ignore', causedByContent: true },
  // The request is valid, but this target cannot express it, or does not obey it.
  unable: { retryHere: 'no', nextTarget: 'yes', breaker: 'ignore' },
  'context-length': {
    retryHere: 'no',
    nextTarget: 'context-chain',
    breaker: 'ignore',
    causedByContent: true,
  },
  'content-filter': { retryHere: 'no', nextTarget: 'policy-chain', breaker: 'ignore', causedByContent: true },
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
  // The standard tier of the model, and its rate limits, are not affected.
  'tier-unavailable': {
    retryHere: 'yes',
    nextTarget: 'other-quota-group',
    breaker: 'ignore',
    cooldown: { of: 'service-tier', ms: 'as-requested' },
  },
  overloaded: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  server: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure' },
  malformed: { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure', billed: 'yes' },
  'stream-before-content': { retryHere: 'yes', nextTarget: 'yes', breaker: 'failure', billed: 'yes' },
  // The caller already has a part of the answer, so that no other answer can replace it.
  'stream-after-content': { retryHere: 'no', nextTarget: 'no', breaker: 'failure', billed: 'yes' },
  refused: { retryHere: 'no', nextTarget: 'yes', breaker: 'ignore', billed: 'no' },
  unknown: { retryHere: 'no', nextTarget: 'no', breaker: 'ignore' },
}

/**
 * The codes with which a `fetch` of a provider refuses a request that its target cannot express, or discards an answer that did not obey
 * the request. `modelFetch` of `@harbor/ai-sdk` sends them.
 */
const UNABLE: ReadonlySet<string | undefined> = new Set(['unsupported_by_model', 'ignored_by_model'])

/**
 * The code with which OpenAI refuses a request at a tier without capacity, with status 429:
 * https://developers.openai.com/api/docs/guides/flex-processing
 */
const TIER_UNAVAILABLE = 'resource_unavailable'

/** Returns the kind of a failure: the key of its row in `VERDICTS`. */
export function situationOf(failure: Failure): Situation {
  if (failure.origin === 'local') return 'local-fault'
  switch (failure.kind) {
    case 'network':
      return failure.ambiguous ? 'sent-unanswered' : 'not-sent'
    case 'timeout':
      return failure.status === undefined ? 'sent-unanswered' : 'timeout-answer'
    case 'rate-limit':
      return failure.code === TIER_UNAVAILABLE ? 'tier-unavailable' : 'rate-limit'
    case 'stream':
      return 'stream-before-content'
    case 'bad-request':
    case 'not-found': // an endpoint that the `fetch` does not serve, and no missing model
      return UNABLE.has(failure.code) ? 'unable' : failure.kind
    default:
      return failure.kind
  }
}

/**
 * Returns the key in `VERDICTS` for a stream that ended after its first content had reached the caller; undefined if the stream is complete
 * (`success`).
 */
export function situationAtEnd(outcome: 'success' | 'failure' | 'aborted'): Situation | undefined {
  if (outcome === 'success') return undefined
  return outcome === 'aborted' ? 'aborted' : 'stream-after-content'
}

/** The duration of an `as-requested` cooldown, in milliseconds, if the provider did not request one. */
const SHORT_COOLDOWN_MS = 1_000

/**
 * Returns the cooldown that a failure starts: what is in cooldown, and for how many milliseconds. Undefined if the failure starts none. If the quota
 * of one model is exhausted (`quotaOf`), its quota group is in cooldown, not the credential.
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
