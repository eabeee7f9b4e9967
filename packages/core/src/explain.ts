import type { ExplainedTransport } from './layers/wire.ts'
import { FIRST_TOKEN_MS } from './attempt/stream-clocks.ts'
import type { Policy } from './options/policy.ts'
import { lackOf } from './targets/capabilities.ts'
import { contextFit } from './targets/context-window.ts'
import type { Health, TargetStats } from './targets/health.ts'
import type { Target } from './targets/target.ts'

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
  readonly providers: Readonly<Record<string, ExplainedProvider>>
  /** What stands in for what; `*` is every model that has no list of its own. */
  readonly chains: Policy['routes']['chains']
  /** Of the request that was given: whom it would be sent to, in this order. */
  readonly targets: readonly ExplainedTarget[]
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

/**
 * @param client who asks: its address and, to know what rests, its key
 * @param request the body of a request; without one, no targets are told
 */
export function explain(
  policy: Policy,
  health: Health,
  transport: ExplainedTransport,
  client: { readonly baseURL: string; readonly apiKey: string | null },
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
    providers: Object.fromEntries(
      [...routes.providers.values()].map((provider) => {
        const { name, kind, baseURL, native, apiKey, quotaGroup, dropParams } = provider
        const hasKey = native ? Boolean(client.apiKey) : apiKey !== null
        return [name, { kind, baseURL, isClient: native, hasKey, quotaGroup, dropParams }]
      }),
    ),
    chains: routes.chains,
    targets: request ? targetsOf(request) : [],
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
    const headers = new Headers(client.apiKey ? { authorization: `Bearer ${client.apiKey}` } : {})
    const leftOut =
      (health.isAvailable(target) ? undefined : 'its circuit is open') ??
      health.restingReason(target, routes.providerOf(target), headers) ??
      lackOf(target, { json, streaming: json['stream'] === true }) ??
      contextFit(json)(target)
    const { name, baseURL } = target
    const { state = 'closed', retryAfterMs = 0 } = breaker ?? {}
    return { name, baseURL, chain, state, retryAfterMs, leftOut }
  }
}
