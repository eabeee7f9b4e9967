import type { PriceList } from './cost/price-list.ts'
import { ratesOf } from './cost/cost-of-use.ts'
import type { ExplainedLadder, ExplainedTier } from './explanation.ts'
import type { Policy } from './policy/policy.ts'
import { operationOfBody } from './protocols/registry.ts'
import type { Target } from './reporting/target.ts'
import type { Health } from './routing/health.ts'
import type { KeyedRequest } from './routing/key-rings.ts'
import { ladderOf, relativePriceOf } from './routing/ladder.ts'
import { nextTier } from './routing/next-tier.ts'
import { tierStates } from './routing/tier-states.ts'
import { tierOfParams } from './protocols/shared/variant-fields.ts'

interface LadderFacts {
  readonly policy: Policy
  readonly health: Health
  readonly list: PriceList
  readonly baseURL: string
  readonly deadlineMs: number
}

/**
 * Describes the service tiers on which a request may be answered with `prefer: 'cheapest'`, and what such a call would do now. Undefined if no
 * variant of its model is cheaper.
 */
export function explainLadder(
  body: Readonly<Record<string, unknown>>,
  request: KeyedRequest,
  { policy, health, list, baseURL, deadlineMs }: LadderFacts,
): ExplainedLadder | undefined {
  const { routes } = policy
  const operation = operationOfBody(body)
  const model = operation.request.modelOf(baseURL, body)
  // A body that no protocol recognises, such as `{ model }` alone, is explained as one that every tier can serve.
  if (operation.protocol !== undefined && !operation.portable) return undefined
  const ladder = ladderOf(routes, model, baseURL, operation)
  if (!ladder) return undefined
  const streaming = operation.request.isStreaming(baseURL, body)
  const call = { ...request, policy, operation, json: body, streaming }
  const states = tierStates(call, ladder, { health, limitMs: () => 0 })
  const now = policy.clock.now()
  const next = nextTier(states, ladder, { now, startedAt: now, deadlineAt: now + deadlineMs })

  function explained(target: Target): ExplainedTier {
    const state = states.get(target)
    const tier = tierOfParams(target.params)
    const rates = ratesOf(list, target, 0, tier)
    return {
      name: target.name,
      tier,
      relativePrice: relativePriceOf(target, ladder?.standard ?? target),
      price: rates && {
        inputPerMillion: rates.price.inputPerMillion * rates.factor,
        outputPerMillion: rates.price.outputPerMillion * rates.factor,
      },
      p95Ms: state?.latency.p95Ms,
      samples: state?.latency.samples ?? 0,
      cooldownMs: state?.readyInMs ?? 0,
      leftOut: state?.unable,
    }
  }

  return {
    deadlineMs,
    tiers: [...ladder.cheaper, ladder.standard].map(explained),
    next: {
      target: next.kind === 'standard' ? ladder.standard.name : next.tier.name,
      waitMs: next.kind === 'wait' ? next.ms : 0,
      skipped: next.kind === 'standard' ? next.skipped : [],
    },
  }
}
