import { publicURL } from './base/public-url.ts'
import type { ExplainedTransport } from './transport/wire.ts'
import { FIRST_TOKEN_MS } from './call/stream-clocks.ts'
import type { NearTwins } from './cache/near-twins.ts'
import { identityOf, namesAccount, type Identified } from './call/identity.ts'
import type { Policy } from './policy/policy.ts'
import { lackOf } from './routing/capabilities.ts'
import { contextFit } from './routing/context-window.ts'
import type { Health } from './routing/health.ts'
import type { TargetStats } from './reporting/target-stats.ts'
import type { Target } from './reporting/target.ts'

/** What holds for calls, and what would become of one now. It holds no key. */
export interface Explanation {
  readonly policy: {
    /** Everything a call may take, in milliseconds; of a stream, until its first content. */
    readonly timeoutMs: number
    readonly attemptMs: number
    /** Of a target without alternative, unless it was set, it is what is left of the total. */
    readonly firstTokenMs: number
    readonly idleMs: number
    /** Attempts on a target when no other one can take over. */
    readonly maxAttempts: number
    /** Attempts on a target while another one can. */
    readonly attemptsBeforeFallback: number
    /** Over all targets of a call. */
    readonly maxUpstreamCalls: number
    readonly maxAnswerBytes: number
    readonly hedge: Policy['hedge']
    readonly lastResort: boolean
    readonly ordered: boolean
    readonly limits: Policy['limits']
    /** What is kept of answers, and for how long; undefined when nothing is. */
    readonly cache: Policy['cache']
  }
  readonly transport: ExplainedTransport
  /** What separates the answers of this client from those of others; undefined when nothing is cached. */
  readonly cacheIdentity: CacheIdentity | undefined
  readonly providers: Readonly<Record<string, ExplainedProvider>>
  /** What stands in for what; `*` is every model that has no list of its own. */
  readonly chains: Policy['routes']['chains']
  /** Of the request that was given: whom it would be sent to, in this order. */
  readonly targets: readonly ExplainedTarget[]
}

/** By names alone; values of headers are not shown. */
export interface CacheIdentity {
  /** The headers of this client that count. Those of single calls come on top. Empty when `cache.scope` says whose the answers are. */
  readonly headers: readonly string[]
  /** How many calls each header kept from an answer that was there. One that is new with each request belongs into `cache.ignoreHeaders`. */
  readonly keptApart: Readonly<Record<string, number>>
}

export interface ExplainedProvider {
  readonly kind: 'openai' | 'azure'
  readonly baseURL: string
  /** Whether its requests go out as the SDK made them, with the SDK's own key. */
  readonly isClient: boolean
  readonly hasKey: boolean
  readonly quotaGroup: string | undefined
  readonly dropParams: readonly string[]
}

export interface ExplainedTarget extends Pick<TargetStats, 'state' | 'retryAfterMs'> {
  readonly name: string
  readonly baseURL: string
  /** In which case it is called: in an outage, for a request that is too long, or for refused content. */
  readonly chain: 'fallback' | 'contextWindow' | 'contentPolicy'
  /** Why it would be left out now; undefined when it would not be. */
  readonly leftOut: string | undefined
}

interface ExplainedState {
  readonly health: Health
  readonly twins: NearTwins
  readonly transport: ExplainedTransport
}

/** Who asks: its address and, to know what is in cooldown, by what its requests are told from those of others. */
interface ExplainedClient extends Identified {
  readonly baseURL: string
  readonly hasKey: boolean
}

/**
 * @param request the body of a request; without one, no targets are told
 */
export function explain(
  policy: Policy,
  { health, twins, transport }: ExplainedState,
  client: ExplainedClient,
  request: Readonly<Record<string, unknown>> | undefined,
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
    cacheIdentity: policy.cache && identityFor(policy.cache),
    providers: Object.fromEntries(
      [...routes.providers.values()].map((provider) => {
        const { name, kind, baseURL, native, apiKey, quotaGroup, dropParams } = provider
        const hasKey = native ? client.hasKey : apiKey !== null
        return [name, { kind, baseURL: publicURL(baseURL), isClient: native, hasKey, quotaGroup, dropParams }]
      }),
    ),
    chains: routes.chains,
    targets: request ? targetsOf(request) : [],
  }

  function identityFor({ scope, ignoresHeader }: NonNullable<Policy['cache']>): CacheIdentity {
    const names = identityOf(client).headers.map(([name]) => name)
    const counting = names.filter(
      (name) => !ignoresHeader(name) && !(scope !== undefined && namesAccount(name)),
    )
    return { headers: counting, keptApart: twins.counts() }
  }

  function targetsOf(body: Readonly<Record<string, unknown>>): readonly ExplainedTarget[] {
    const model = typeof body['model'] === 'string' ? body['model'] : undefined
    const { outage, contextWindow, contentPolicy } = routes.planFor(model, client.baseURL)
    const inOrder = policy.order ? policy.order(outage, health.chain.health) : outage
    return [
      ...inOrder.map((target) => explained(target, 'fallback', body)),
      ...contextWindow.map((target) => explained(target, 'contextWindow', body)),
      ...contentPolicy.map((target) => explained(target, 'contentPolicy', body)),
    ]
  }

  function explained(
    target: Target,
    chain: ExplainedTarget['chain'],
    json: Readonly<Record<string, unknown>>,
  ): ExplainedTarget {
    const breaker = health.breakerOf(target)
    const leftOut =
      (health.isAvailable(target) ? undefined : 'its circuit is open') ??
      health.restingReason(target, routes.providerOf(target), client) ??
      lackOf(target, { json, streaming: json['stream'] === true }) ??
      contextFit(json)(target)
    const { name, baseURL } = target
    const { state = 'closed', retryAfterMs = 0 } = breaker ?? {}
    return { name, baseURL: publicURL(baseURL), chain, state, retryAfterMs, leftOut }
  }
}
