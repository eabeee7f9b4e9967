import type { HedgeOptions } from '@harbor/fallback'
import type { SpendPot } from './cost/spend-pots.ts'
import type { CacheRules } from './options/cache-options.ts'
import type { LimitOptions } from './options/limit-options.ts'
import type { PerCallOptions } from './options/per-call-options.ts'
import type { ScopeLabels } from './options/scope-labels.ts'
import type { ProviderKind } from './protocols/protocol.ts'
import type { FleetStats } from './reporting/fleet-stats.ts'
import type { TargetStats } from './reporting/target-stats.ts'
import type { ExplainedTransport } from './transport/wire.ts'

/** The settings of a client, and the targets to which a request would be sent now. Contains no key. */
export interface Explanation {
  /** The settings of calls that are in effect, with defaults filled in: time limits, retries, limits of calls and so on. */
  readonly policy: {
    /** The time limit of a call over all attempts, in milliseconds. For a stream, the limit of the time until its first content. */
    readonly timeoutMs: number
    /** The time limit of one attempt, in milliseconds; `Infinity` if only the time left of the call limits it. */
    readonly attemptMs: number
    /**
     * The time limit for the first content of a stream, in milliseconds, while another target can take over. At the last target, only `timeoutMs`
     * applies, unless `timeouts.firstTokenMs` is set.
     */
    readonly firstTokenMs: number
    /** The time limit between two pieces of content of a stream, in milliseconds. */
    readonly idleMs: number
    /** The maximum number of attempts at a target when no other target can take over. */
    readonly maxAttempts: number
    /** The maximum number of attempts at a target while another target can take over. */
    readonly attemptsBeforeFallback: number
    /** The maximum number of requests per call, over all its targets. */
    readonly maxUpstreamCalls: number
    /** The maximum size of an answer, or of one event of a stream, in bytes. */
    readonly maxAnswerBytes: number
    /** What happens to a stream whose connection breaks. */
    readonly onStreamFailure: 'error' | 'resume' | 'continue'
    /** When a second target is called; undefined for never. */
    readonly hedge: HedgeOptions | undefined
    /** Whether a function in the option `lastResort` may answer when no target does. */
    readonly lastResort: boolean
    /** Whether a function in the option `order` orders the targets. */
    readonly ordered: boolean
    /** The rate and concurrency limits of providers without `limits` of their own; undefined for none. */
    readonly limits: LimitOptions | undefined
    /** The rules that decide which answers are cached, and for how long; undefined without a cache. */
    readonly cache: CacheRules | undefined
  }
  /** How requests are sent: over the pool, or by a `fetch`. */
  readonly transport: ExplainedTransport
  /** What the client shares with other processes; undefined without the option `fleet`. */
  readonly fleet: ExplainedFleet | undefined
  /** How much a call of this client could spend now, with one entry for each spend limit. Empty without a limit. */
  readonly spend: readonly SpendPot[]
  /** Whether requests may be sent without the SDK's own request building. See the option `sdkFastPath`. */
  readonly sdkFastPath: {
    /** Whether requests of a known kind are sent directly. */
    readonly enabled: boolean
    /** The reason why requests are not sent directly, such as `HARBOR_OPENAI_SDK=plain` or a replaced method of the SDK; undefined if they may be. */
    readonly reason: string | undefined
  }
  /**
   * What the cache key contains besides the request, so that other callers do not get this client's answers: scope, labels and headers. Undefined
   * without a cache.
   */
  readonly cacheIdentity: CacheIdentity | undefined
  /** The providers by name, the client's own included. */
  readonly providers: Readonly<Record<string, ExplainedProvider>>
  /**
   * The fallback targets by requested model, for each of the three options: `fallback`, `contextWindowFallback` and `contentPolicyFallback`. The list
   * under `*` applies to every model without its own list.
   */
  readonly chains: Readonly<
    Record<'fallback' | 'contextWindow' | 'contentPolicy', Readonly<Record<string, readonly string[]>>>
  >
  /** The targets to which the request passed to `explain()` would be sent, in the order of the attempts; empty without a request. */
  readonly targets: readonly ExplainedTarget[]
  /**
   * The service tiers on which the request passed to `explain()` would be answered with `prefer: 'cheapest'`, and what such a call would do now.
   * Undefined without a request, and if no variant of its model costs less.
   */
  readonly ladder: ExplainedLadder | undefined
}

/** The service tiers of a model for calls with `prefer: 'cheapest'`, and what such a call would do now. Rate limits are not considered. */
export interface ExplainedLadder {
  /** The time within which the call must be answered, in milliseconds: the `deadlineMs` passed to `explain()`, or the timeout of the client. */
  readonly deadlineMs: number
  /** The tiers, the cheapest first. The last one is the standard tier. */
  readonly tiers: readonly ExplainedTier[]
  /** What the call would do now. */
  readonly next: {
    /** The name of the target that it would be sent to, such as `openai/gpt-5@flex`. */
    readonly target: string
    /** How long it would first wait for this target, in milliseconds; 0 for not at all. */
    readonly waitMs: number
    /** The cheaper tiers that it would not wait for, and why, if the standard tier is next; otherwise empty. */
    readonly skipped: readonly { readonly target: string; readonly reason: string }[]
  }
}

/** A service tier as `explain()` shows it. */
export interface ExplainedTier {
  /** The name of the target, such as `openai/gpt-5@flex`. */
  readonly name: string
  /** The service tier that its requests name; undefined for the standard tier. */
  readonly tier: string | undefined
  /** The price as a multiple of that of the standard tier, such as 0.5. */
  readonly relativePrice: number
  /** US dollars for a million tokens at this tier; undefined if the price is unknown, or the built-in price list was not needed yet. */
  readonly price: { readonly inputPerMillion: number; readonly outputPerMillion: number } | undefined
  /**
   * The 95th percentile of the time of its answers in the last hour, in milliseconds; of a streamed request, of the time until the first content.
   * Undefined if there were none.
   */
  readonly p95Ms: number | undefined
  /** The number of answers from which `p95Ms` is computed, at most 100. */
  readonly samples: number
  /** The time until a call may be sent to it, in milliseconds, because it refused the latest calls or its circuit is open; 0 if a call may be sent now. */
  readonly cooldownMs: number
  /** The reason why it cannot serve the request, in words; undefined if it can. */
  readonly leftOut: string | undefined
}

/** What a client shares with other processes, and the state of its connection to them. */
export interface ExplainedFleet extends FleetStats {
  /** The names of the shared parts: `limits`, `breakers`, `spend`, `cache`, `flights`. */
  readonly share: readonly string[]
}

/** What the cache key contains besides the request, so that different callers do not share answers. Never contains the values of headers. */
export interface CacheIdentity {
  /**
   * The headers of this client whose values are part of the cache key. With `cache.scope`, headers that identify the account are not among them.
   * Headers that are passed with a single call are part of the key, too.
   */
  readonly headers: readonly string[]
  /** The scope that the user set, as `cache.scope` or for the call; undefined if the headers identify the caller. */
  readonly scope: string | undefined
  /** The labels in `cache.scopeBy`, with the values of this client and call; undefined for a label that is not given. Undefined without `scopeBy`. */
  readonly labels: ScopeLabels | undefined
  /**
   * The number of calls, by name of a header, that were a miss only because the header had a different value than in an earlier call. If a header has
   * a new value in each request, add it to `cache.ignoreHeaders`.
   */
  readonly separatedCalls: Readonly<Record<string, number>>
}

/** The settings of one provider, as `explain()` shows them: its addresses, the number of its keys, and its own options. */
export interface ExplainedProvider {
  /** The kind of its API, such as `openai` or `anthropic`. */
  readonly kind: ProviderKind
  /** Its base URL, without a query and without credentials. */
  readonly baseURL: string
  /** The root URL of each protocol that the provider serves, by name of the protocol. A call with another protocol skips the provider. */
  readonly endpoints: Readonly<Record<string, string>>
  /** Whether this is the client's own provider. Its requests are sent as the SDK built them. */
  readonly isClient: boolean
  /** Whether it has an API key. False for a provider that needs none. */
  readonly hasKey: boolean
  /** The number of keys of the provider. Receipts identify a key by its index, which begins at 0. */
  readonly keys: number
  /** Whether the provider has its own `fetch`, which sends its requests. */
  readonly ownFetch: boolean
  /** The name of the quota group in its options; undefined if each of its models, with each API key, is a group. */
  readonly quotaGroup: string | undefined
  /** The request parameters that are removed before sending; empty if there are none. */
  readonly dropParams: readonly string[]
}

/** A target as `explain()` shows it: its circuit, and whether the request would be sent to it. */
export interface ExplainedTarget extends Pick<TargetStats, 'state' | 'retryAfterMs'> {
  /** The name of the target, such as `openai/gpt-4`. */
  readonly name: string
  /** The base URL of its provider, without a query and without credentials. */
  readonly baseURL: string
  /**
   * The list of targets to which this target belongs. `fallback`: for outages. `contextWindow`: for requests that are too long. `contentPolicy`: for
   * requests that a content filter refused.
   */
  readonly chain: 'fallback' | 'contextWindow' | 'contentPolicy'
  /** The reason why this target would be skipped now, in words, such as `its circuit is open`; undefined if it would be called. */
  readonly leftOut: string | undefined
  /** Whether this target is first in the order because it answered the latest call of the same conversation. */
  readonly sticky: boolean
  /** The index of the key that would be used for the request now; undefined if the provider does not have several keys. */
  readonly keyIndex: number | undefined
}

/** The options of a call that `explain()` takes into account. */
export type ExplainedCall = Pick<PerCallOptions, 'session' | 'scope' | 'labels' | 'deadlineMs'>
