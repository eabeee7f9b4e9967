import type { HedgeOptions, Order } from '@harbor/fallback'
import type { Labels } from '../reporting/labels.ts'
import type { Receipt } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'
import type { LastResort } from './options.ts'
import type { TelemetryOption } from './observers.ts'
import type { TimeoutSettings } from './timeout-settings.ts'

/** Options of a single call, passed through `perCall()`. They replace the options of the same name of the client. */
export interface PerCallOptions {
  /**
   * The targets that take over when the model of this call fails, in order, such as `['anthropic/claude-sonnet-4-6']`. `false`: none. @default the
   * client's `fallback`
   */
  fallback?: readonly string[] | false | undefined
  /**
   * The order in which the targets of this call are tried. With it, the target of a conversation does not go first: see `session`. @default the
   * client's `order`
   */
  order?: Order<Target> | undefined
  /** When a second target is called because the first one is slow. `false`: never. @default the client's `hedge` */
  hedge?: HedgeOptions | false | undefined
  /** What happens to the stream of this call if its connection breaks. @default the client's `onStreamFailure` */
  onStreamFailure?: 'error' | 'resume' | 'continue' | undefined
  /** Returns a substitute answer when no target answered: a text, or the body of an answer. `false`: none. @default the client's `lastResort` */
  lastResort?: LastResort | false | undefined
  /**
   * How the call uses the cache. `'default'`: as the option `cache` of the client says. `'bypass'`: the cache is neither read nor filled.
   * `'refresh'`: the request is sent, and its answer replaces the cached one. `'only-if-cached'`: nothing is sent; without a cached answer, the call
   * fails with status 504 and code `not_cached`. @default 'default'
   */
  cache?: 'default' | 'bypass' | 'refresh' | 'only-if-cached' | undefined
  /** `false`: the call neither uses nor fills the semantic cache, see `cache.semantic`. @default as the option `cache` of the client says */
  semantic?: false | undefined
  /** How long the answer is fresh in the cache, in milliseconds, at least 0. Has no effect without a cache. @default the cache's `ttlMs` */
  ttlMs?: number | undefined
  /** Tags of the cached answer, for `harbor.cache.invalidateTag(tag)`. Has no effect without a cache. @default none */
  tags?: readonly string[] | undefined
  /**
   * A name for the callers that share the cached answer, in place of their credentials and headers: see `cache.scope`. @default the cache's `scope`
   */
  scope?: string | undefined
  /**
   * The name of the conversation that the call belongs to. The calls of a conversation go to the target that answered last, with the same key, while
   * both are healthy, because the provider's prompt cache holds the conversation there. `prefetch` learns the requests of a session as one sequence.
   * Equal names of different accounts or scopes are different sessions. @default the first of `prompt_cache_key`, `conversation`,
   * `safety_identifier`, `user` and Anthropic's `metadata.user_id` that the request contains. `prefetch` uses only the last three; without them, all
   * calls of a scope are one session
   */
  session?: string | undefined
  /**
   * Labels of this call, in addition to those of the client, with the same maximum number and lengths. A label of the same name replaces that of the
   * client. Beware: labels alone do not separate cached answers; see the option `labels` of the client. @default none
   */
  labels?: Labels | undefined
  /** The observers of this call, in place of the client's. `false`: none. @default the client's `telemetry` */
  telemetry?: TelemetryOption | undefined
  /**
   * The priority of the call among calls that wait for `limits`: any number. Calls with a higher one go first. Has no effect without `limits`.
   * @default 0
   */
  priority?: number | undefined
  /**
   * The time within which the call must be answered, in milliseconds, at most one hour. For a stream, it is the time until the first content. It
   * replaces the SDK's `timeout` for this call. For work that may take longer, use a bulk run. @default the SDK's `timeout`
   */
  deadlineMs?: number | undefined
  /**
   * `'cheapest'`: the call may be answered at a cheaper service tier, and wait for it. The tiers are the variants of the requested model in `models`
   * that cost less. The call goes to the cheapest tier that is likely to answer in time. If a tier refuses the call, it is tried again after its
   * cooldown. The standard tier takes over while there is still time for it. `order`, `hedge` and the target of a conversation have no effect on the
   * tiers. A request that refers to something stored at the provider goes to the requested target only. @default the requested target
   */
  prefer?: 'cheapest' | undefined
  /**
   * The timeouts for this call. Each field that is given replaces the same field of the client's `timeouts`. The total time is the SDK's request
   * option `timeout`. @default the client's `timeouts`
   */
  timeouts?: TimeoutSettings | undefined
  /**
   * Called with the receipt when the call is over; for a stream, when the stream has ended. Use it if a helper of the SDK hides the response. An
   * error that the function throws changes no call; the first one causes a process warning. @default none
   */
  onReceipt?: ((receipt: Receipt) => void) | undefined
  /**
   * Called with the id that the provider gave the answer, as soon as the id is known: for a stream, before its first content. With the id, the caller
   * can cancel or resume the answer. Called again if a later attempt has another id. If the function throws, a warning is written to the SDK's log.
   * @default none
   */
  onResponseId?: ((id: string) => void) | undefined
}
