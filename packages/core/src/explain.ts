import type { HedgeOptions } from '@harbor/fallback'
import { publicURL } from './base/public-url.ts'
import type { ExplainedTransport } from './transport/wire.ts'
import { FIRST_TOKEN_MS } from './call/stream-clocks.ts'
import type { SeparatingHeaders } from './cache/separating-headers.ts'
import { identityOf, namesAccount, type Identified } from './call/identity.ts'
import type { CacheRules } from './options/cache-options.ts'
import type { SpendLedger } from './cost/spend-limit.ts'
import { potsOfCall, type SpendPot } from './cost/spend-pots.ts'
import { withLabels } from './options/labels.ts'
import type { LimitOptions } from './options/limit-options.ts'
import type { PerCallOptions } from './options/per-call-options.ts'
import { scopeLabels, type ScopeLabels } from './options/scope-labels.ts'
import type { Policy } from './policy/policy.ts'
import { whyUnable } from './routing/capabilities.ts'
import type { ProviderKind } from './protocols/protocol.ts'
import { operationOfBody } from './protocols/registry.ts'
import { contextFit } from './routing/context-window.ts'
import type { KeyLayers } from './layers/key.ts'
import type { KeyedRequest, KeyRings } from './routing/key-rings.ts'
import { inFront, type StickyTargets } from './routing/sticky-targets.ts'
import type { Provider } from './targets/providers.ts'
import type { Health } from './routing/health.ts'
import type { TargetStats } from './reporting/target-stats.ts'
import type { Target } from './reporting/target.ts'

/** The settings of a client, and the targets to which a request would be sent now. Contains no key. */
export interface Explanation {
  readonly policy: {
    /** The time limit of a call over all attempts, in milliseconds. For a stream, the limit of the time until its first content. */
    readonly timeoutMs: number
    readonly attemptMs: number
    /**
     * The time limit for the first content of a stream, in milliseconds, while another target can take over. At the last target, only
     * `timeoutMs` applies, unless `timeouts.firstTokenMs` is set.
     */
    readonly firstTokenMs: number
    readonly idleMs: number
    /** The maximum number of attempts at a target when no other target can take over. */
    readonly maxAttempts: number
    /** The maximum number of attempts at a target while another one can take over. */
    readonly attemptsBeforeFallback: number
    /** The maximum number of requests per call, over all its targets. */
    readonly maxUpstreamCalls: number
    readonly maxAnswerBytes: number
    readonly hedge: HedgeOptions | undefined
    readonly lastResort: boolean
    readonly ordered: boolean
    readonly limits: LimitOptions | undefined
    /** The rules that decide which answers are cached, and for how long; undefined without a cache. */
    readonly cache: CacheRules | undefined
  }
  readonly transport: ExplainedTransport
  /** The money from which a call of this client would be paid now, one entry for each spend limit. Empty without a limit. */
  readonly spend: readonly SpendPot[]
  /** Whether requests may be sent without the SDK's own request building. See the option `sdkFastPath`. */
  readonly sdkFastPath: {
    readonly enabled: boolean
    /**
     * The reason why requests are not sent directly, such as `HARBOR_OPENAI_SDK=plain` or a replaced method of the SDK; undefined if they
     * may be.
     */
    readonly reason: string | undefined
  }
  /**
   * What the cache key contains besides the request, so that other callers do not get this client's answers: scope, labels and headers.
   * Undefined without a cache.
   */
  readonly cacheIdentity: CacheIdentity | undefined
  readonly providers: Readonly<Record<string, ExplainedProvider>>
  /** The fallback targets by requested model. The list under `*` applies to every model without its own list. */
  readonly chains: Readonly<
    Record<'fallback' | 'contextWindow' | 'contentPolicy', Readonly<Record<string, readonly string[]>>>
  >
  /** The targets to which the request passed to `explain()` would be sent, in the order of the attempts. */
  readonly targets: readonly ExplainedTarget[]
}

/**
 * What the cache key contains besides the request, so that different callers do not share answers. Never contains the values of headers.
 */
export interface CacheIdentity {
  /**
   * The headers of this client whose values are part of the cache key. With `cache.scope`, headers that identify the account are not among
   * them. Headers that are passed with a single call are part of the key, too.
   */
  readonly headers: readonly string[]
  /** The scope that the user set, as `cache.scope` or for the call; undefined if the headers identify the caller. */
  readonly scope: string | undefined
  /** The labels in `cache.scopeBy`, with the values of this client and call; undefined for a label that is not given. Undefined without `scopeBy`. */
  readonly labels: ScopeLabels | undefined
  /**
   * The number of calls, by name of a header, that were a miss only because the header had a different value than in an earlier call. If a
   * header has a new value in each request, add it to `cache.ignoreHeaders`.
   */
  readonly separatedCalls: Readonly<Record<string, number>>
}

export interface ExplainedProvider {
  readonly kind: ProviderKind
  readonly baseURL: string
  /** The root URL of each protocol that the provider serves, by name of the protocol. A call with another protocol skips the provider. */
  readonly endpoints: Readonly<Record<string, string>>
  /** Whether this is the client's own provider. Its requests are sent as the SDK built them. */
  readonly isClient: boolean
  readonly hasKey: boolean
  /** The number of keys of the provider. Receipts identify a key by its index, which begins at 0. */
  readonly keys: number
  /** Whether the provider has its own `fetch`, which sends its requests. */
  readonly ownFetch: boolean
  readonly quotaGroup: string | undefined
  readonly dropParams: readonly string[]
}

export interface ExplainedTarget extends Pick<TargetStats, 'state' | 'retryAfterMs'> {
  readonly name: string
  readonly baseURL: string
  /**
   * The list of targets to which this target belongs. `fallback`: for outages. `contextWindow`: for requests that are too long.
   * `contentPolicy`: for requests that a content filter refused.
   */
  readonly chain: 'fallback' | 'contextWindow' | 'contentPolicy'
  /** The reason why this target would be skipped now; undefined if it would be called. */
  readonly leftOut: string | undefined
  /** Whether this target is first in the order because it answered the latest call of the same conversation. */
  readonly sticky: boolean
  /** The index of the key that would be used for the request now; undefined if the provider does not have several keys. */
  readonly keyIndex: number | undefined
}

/** The options of a call that `explain()` takes into account. */
export type ExplainedCall = Pick<PerCallOptions, 'session' | 'scope' | 'labels'>

interface ExplainedState {
  readonly health: Health
  readonly separatingHeaders: SeparatingHeaders
  readonly transport: ExplainedTransport
  readonly rings: KeyRings
  readonly keys: KeyLayers
  readonly sticky: StickyTargets
  readonly ledger: SpendLedger
}

/** The client to explain. Cooldowns depend on its identity, because each account has its own. */
interface ExplainedClient extends Identified {
  readonly baseURL: string
  readonly hasKey: boolean
  /** The reason why the client's requests are not sent directly; undefined if they may be. */
  readonly whyNotDirect: string | undefined
}

/**
 * Describes the settings of a client, and how a request would be routed now.
 * @param request the body of a request; without it, the result contains no targets
 * @param call the session, scope and labels of the call, as in `perCall()`
 */
export function explain(
  policy: Policy,
  { health, separatingHeaders, transport, rings, keys, sticky, ledger }: ExplainedState,
  client: ExplainedClient,
  request: Readonly<Record<string, unknown>> | undefined,
  call: ExplainedCall = {},
): Explanation {
  const { routes } = policy
  return {
    policy: {
      timeoutMs: policy.totalMs,
      attemptMs: policy.attemptMs,
      firstTokenMs: policy.firstTokenMs ?? FIRST_TOKEN_MS,
      idleMs: policy.idleMs,
      maxAttempts: policy.maxAttempts,
      attemptsBeforeFallback: Math.min(policy.attemptsBeforeFallback, policy.maxAttempts),
      maxUpstreamCalls: policy.maxUpstreamCalls,
      maxAnswerBytes: policy.maxAnswerBytes,
      hedge: policy.hedge,
      lastResort: policy.lastResort !== undefined,
      ordered: policy.order !== undefined,
      limits: policy.limits,
      cache: policy.cache,
    },
    transport,
    spend: potsOfCall(ledger, policy.spendLimits, withLabels(policy.labels, call.labels)),
    sdkFastPath: { enabled: client.whyNotDirect === undefined, reason: client.whyNotDirect },
    cacheIdentity: policy.cache && identityFor(policy.cache),
    providers: Object.fromEntries(
      [...routes.providers.values()].map((provider) => {
        const { name, kind, baseURL, native, apiKey, quotaGroup, dropParams } = provider
        const hasKey = native ? client.hasKey : apiKey !== null
        // The client's own requests go where the SDK sends them, whatever their protocol.
        const served = [...provider.formats].filter(([, format]) => format.kind === kind)
        const endpoints = Object.fromEntries(
          served.map(([protocol, format]) => [protocol, publicURL(format.baseURL)]),
        )
        const count = provider.keys?.keys.length ?? (hasKey ? 1 : 0)
        const address = publicURL(baseURL)
        return [
          name,
          {
            kind,
            baseURL: address,
            endpoints,
            isClient: native,
            hasKey,
            keys: count,
            ownFetch: provider.fetch !== undefined,
            quotaGroup,
            dropParams,
          },
        ]
      }),
    ),
    chains: routes.chains,
    targets: request ? targetsOf(request) : [],
  }

  function identityFor(rules: CacheRules): CacheIdentity {
    const { ignoresHeader } = rules
    const scope = call.scope ?? rules.scope
    const labels =
      rules.scopeBy.length > 0 ? scopeLabels(withLabels(policy.labels, call.labels), rules) : undefined
    const names = identityOf(client).headers.map(([name]) => name)
    const counting = names.filter(
      (name) => !ignoresHeader(name) && !(scope !== undefined && namesAccount(name)),
    )
    return { headers: counting, scope, labels, separatedCalls: separatingHeaders.counts() }
  }

  function targetsOf(body: Readonly<Record<string, unknown>>): readonly ExplainedTarget[] {
    const operation = operationOfBody(body)
    const model = operation.request.modelOf(client.baseURL, body)
    // A body that no protocol recognises, such as `{ model }` alone, is explained as one that every target can serve.
    const isPinned = operation.protocol !== undefined && !operation.portable
    const { outage, contextWindow, contentPolicy } = isPinned
      ? routes.onlyTarget(model, client.baseURL, operation)
      : routes.planFor(model, client.baseURL, operation)
    const ordered = policy.order ? policy.order(outage, health.chain.health) : outage
    const conversing = { ...requestOf(body), policy }
    const stays = sticky.of(
      conversing,
      outage,
      (target) => ordered.includes(target) && explained(target, 'fallback', body).leftOut === undefined,
    )
    const inOrder = stays ? inFront(ordered, stays) : ordered
    return [
      ...inOrder.map((target) => ({ ...explained(target, 'fallback', body), sticky: target === stays })),
      ...contextWindow.map((target) => explained(target, 'contextWindow', body)),
      ...contentPolicy.map((target) => explained(target, 'contentPolicy', body)),
    ]
  }

  /** Returns the parts of a call from which Harbor chooses targets and keys. */
  function requestOf(json: Readonly<Record<string, unknown>>): KeyedRequest {
    const { headers, signer, keys: own } = client
    return {
      headers,
      signer,
      keys: own,
      operation: operationOfBody(json),
      json,
      perCall: { session: call.session },
    }
  }

  function keyIndexOf(target: Target, provider: Provider, request: KeyedRequest): number | undefined {
    const usable = rings.usable(provider, request)
    return usable && keys.keyFor(request, target, provider, usable, () => 0).index
  }

  function explained(
    target: Target,
    chain: ExplainedTarget['chain'],
    json: Readonly<Record<string, unknown>>,
  ): ExplainedTarget {
    const operation = operationOfBody(json)
    const breaker = health.breakerOf(target)
    const provider = routes.providerOf(target)
    const request = requestOf(json)
    const leftOut =
      (health.isAvailable(target) ? undefined : 'its circuit is open') ??
      health.cooldowns.reasonFor(target, provider, request) ??
      whyUnable(target, provider, {
        operation,
        json,
        streaming: operation.request.isStreaming(client.baseURL, json),
      }) ??
      contextFit(operation, json)(target)
    const { name, baseURL } = target
    const keyIndex = keyIndexOf(target, provider, request)
    const { state = 'closed', retryAfterMs = 0 } = breaker ?? {}
    return { name, baseURL: publicURL(baseURL), chain, state, retryAfterMs, leftOut, sticky: false, keyIndex }
  }
}
