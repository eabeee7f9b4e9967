import { publicURL } from './base/public-url.ts'
import type { ExplainedTransport } from './transport/wire.ts'
import { FIRST_TOKEN_MS } from './call/stream-clocks.ts'
import type { SeparatingHeaders } from './cache/separating-headers.ts'
import { identityOf, namesAccount, type Identified } from './call/identity.ts'
import type { CacheRules } from './options/cache-options.ts'
import { explainLadder } from './explain-ladder.ts'
import type { PriceList } from './cost/price-list.ts'
import type { Ledger } from './cost/spend-limit.ts'
import { potsOfCall } from './cost/spend-pots.ts'
import { copyLabels, withLabels } from './options/labels.ts'
import type {
  CacheIdentity,
  ExplainedFleet,
  ExplainedCall,
  ExplainedTarget,
  Explanation,
} from './explanation.ts'
import { scopeLabels } from './options/scope-labels.ts'
import type { Policy } from './policy/policy.ts'
import { whyUnable } from './routing/capabilities.ts'
import { operationOfBody } from './protocols/registry.ts'
import { contextFit } from './routing/context-window.ts'
import type { KeyLayers } from './layers/key.ts'
import type { KeyedRequest, KeyRings } from './routing/key-rings.ts'
import { inFront, type StickyTargets } from './routing/sticky-targets.ts'
import type { Provider } from './targets/providers.ts'
import type { Health } from './routing/health.ts'
import type { Target } from './reporting/target.ts'

interface ExplainedState {
  readonly health: Health
  readonly separatingHeaders: SeparatingHeaders
  readonly transport: ExplainedTransport
  readonly fleet: ExplainedFleet | undefined
  readonly rings: KeyRings
  readonly keys: KeyLayers
  readonly sticky: StickyTargets
  readonly ledger: Ledger
  readonly list: PriceList
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
 * @param call the session, scope, labels and deadline of the call, as in `perCall()`
 */
export function explain(
  policy: Policy,
  { health, separatingHeaders, transport, fleet, rings, keys, sticky, ledger, list }: ExplainedState,
  client: ExplainedClient,
  request: Readonly<Record<string, unknown>> | undefined,
  call: ExplainedCall = {},
): Explanation {
  const { routes } = policy
  const { baseURL } = client
  const { deadlineMs = policy.totalMs } = call
  const labels = withLabels(policy.labels, copyLabels(call.labels))
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
      onStreamFailure: policy.onStreamFailure,
      hedge: policy.hedge,
      lastResort: policy.lastResort !== undefined,
      ordered: policy.order !== undefined,
      limits: policy.limits,
      cache: policy.cache,
    },
    transport,
    fleet,
    spend: potsOfCall(ledger, policy.spendLimits, labels),
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
    ladder:
      request && explainLadder(request, requestOf(request), { policy, health, list, baseURL, deadlineMs }),
  }

  function identityFor(rules: CacheRules): CacheIdentity {
    const { ignoresHeader } = rules
    const scope = call.scope ?? rules.scope
    const separating = rules.scopeBy.length > 0 ? scopeLabels(labels, rules) : undefined
    const names = identityOf(client).headers.map(([name]) => name)
    const counting = names.filter(
      (name) => !ignoresHeader(name) && !(scope !== undefined && namesAccount(name)),
    )
    return { headers: counting, scope, labels: separating, separatedCalls: separatingHeaders.counts() }
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
      health.whyUnavailable(target) ??
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
