import { untilAborted } from '@harbor/parts'
import { AttemptError } from '../attempt/attempt-error.ts'
import { isOver, type Answer, type Exchange, type Handler, type LegHandler } from '../call/exchange.ts'
import type { Takeover } from '../call/leg.ts'
import { inFront, type StickyTargets } from '../routing/sticky-targets.ts'
import { whyUnable } from '../routing/capabilities.ts'
import { planOf } from '../routing/plan-of.ts'
import { contextFit } from '../routing/context-window.ts'
import type { Quotas } from '../limits/quotas.ts'
import type { Health } from '../routing/health.ts'
import type { Plan } from '../targets/plan.ts'
import type { Target } from '../reporting/target.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { mayMoveOn, nextTargetAfter } from '../attempt/next-step.ts'
import { ChainRun } from './chain-run.ts'
import { LadderRun } from './ladder-run.ts'

type Outcome = { readonly answer: Answer } | { readonly error: unknown }

/**
 * Chooses the target of a call. It calls the first target of the model's list that is available and able to serve the call, and the next
 * one if that fails. A request that is too long, or that a content filter refused, goes to the list configured for such requests, if there
 * is one.
 */
export function fallbackLayer(
  health: Health,
  quotas: Quotas,
  sticky: StickyTargets,
  telemetry: Telemetry,
): (next: LegHandler) => Handler {
  return (next) => {
    const services = { health, quotas, next }
    return async function fallback(exchange) {
      const plan = planOf(exchange)
      if (plan.warning !== undefined) telemetry.advise(plan.warning)
      if (exchange.perCall.prefer && !plan.ladder && exchange.operation.portable)
        telemetry.advise(noCheaperTier(plan))
      const chain = chainFor(exchange, plan)
      const refreshing = health.refresh(chain)
      if (refreshing) await refreshed(refreshing, exchange, chain, health)
      const { ladder } = plan
      // A cheaper tier never takes over for the standard one, which also serves calls that cannot wait.
      health.setAlternatives(chain, ladder?.cheaper)
      if (ladder) health.setAlternatives(chain.filter((target) => !ladder.cheaper.includes(target)))
      const ordered = inOrder(exchange, chain, health, telemetry)
      const stays = sticky.of(exchange, chain, (target) => isWell(target, exchange, health))
      // An order that leaves the target out has decided against it.
      const targets = stays && ordered.includes(stays) ? inFront(ordered, stays) : ordered
      const takeover = chain === plan.outage ? undefined : tooLongForFirst(plan)
      const run =
        ladder && chain === plan.outage
          ? new LadderRun(exchange, ladder, chain, services)
          : new ChainRun(exchange, targets, services, takeover)
      const first = await outcomeOf(run.run())
      const secondChain = otherChainAfter(first, chain, plan).filter((target) => !targets.includes(target))
      if (!ladder && 'answer' in first && first.answer.servedBy)
        sticky.note(exchange, chain, first.answer.servedBy)
      if (secondChain.length === 0 || isOver(exchange)) return answerOf(first)
      health.setAlternatives(secondChain)
      const second = await outcomeOf(
        new ChainRun(exchange, secondChain, services, takeoverAfter(first, exchange)).run(),
      )
      // If the other chain fails, too, the caller gets the first failure, which says more.
      if (!('answer' in second)) return answerOf(first)
      if ('answer' in first && first.answer.body.kind === 'stream') {
        first.answer.body.abandon(new Error('Another target serves the call.'))
      }
      return second.answer
    }
  }
}

/** Waits for the state of the fleet. An abort ends the wait, and then the call in the next layer. */
async function refreshed(
  refreshing: Promise<void>,
  { signal }: Exchange,
  chain: readonly Target[],
  health: Health,
): Promise<void> {
  await untilAborted(signal, refreshing).catch(() => undefined)
  // If it is now known that a circuit is to be probed, this call may be the probe.
  const asking = health.refresh(chain)
  if (asking) await untilAborted(signal, asking).catch(() => undefined)
}

/**
 * Returns the list of targets with which the call begins. Usually it is the list of the requested model. If the request seems too long for
 * all of these targets, it is the list for long requests.
 */
function chainFor({ operation, json }: Exchange, { outage, contextWindow }: Plan): readonly Target[] {
  if (contextWindow.length === 0) return outage
  const tooLong = contextFit(operation, json)
  return outage.every(tooLong) && !contextWindow.every(tooLong) ? contextWindow : outage
}

function inOrder(
  { perCall, policy }: Exchange,
  targets: readonly Target[],
  { chain }: Health,
  telemetry: Telemetry,
): readonly Target[] {
  const order = perCall.order ?? policy.order
  if (!order || targets.length < 2) return targets
  let ordered: readonly Target[] = []
  telemetry.shield('order threw', () => {
    ordered = order(targets, chain.health).filter((target) => targets.includes(target))
  })
  return ordered.length > 0 ? ordered : targets
}

/** Whether a target can go on with a conversation: its circuit is closed, it is not in cooldown, and it is able to serve the call. */
function isWell(target: Target, exchange: Exchange, health: Health): boolean {
  const provider = exchange.policy.routes.providerOf(target)
  return (
    health.isClosed(target) &&
    health.cooldowns.reasonFor(target, provider, exchange) === undefined &&
    whyUnable(target, provider, exchange) === undefined
  )
}

async function outcomeOf(answer: Promise<Answer>): Promise<Outcome> {
  try {
    return { answer: await answer }
  } catch (error) {
    return { error }
  }
}

/**
 * Returns the targets to call next after the first list of targets; empty if there are none. A request that was too long, or that a content
 * filter refused, goes to the list for such requests. A call that began with the list for long requests goes on with the usual list.
 */
function otherChainAfter(outcome: Outcome, begun: readonly Target[], plan: Plan): readonly Target[] {
  const { outage, contextWindow, contentPolicy } = plan
  if ('answer' in outcome) return outcome.answer.filtered ? contentPolicy : []
  // The request only seemed too long for these targets. The estimate may be wrong, so try them last.
  if (begun !== outage && mayMoveOn(outcome.error)) return outage
  const next = nextTargetAfter(outcome.error)
  return next === 'context-chain' ? contextWindow : next === 'policy-chain' ? contentPolicy : []
}

function noCheaperTier({ outage: [requested] }: Plan): string {
  return (
    `A call prefers the cheapest service tier of ${requested?.name}, but no entry of \`models\` is cheaper. Add one, such as ` +
    `{ model: '${requested?.model}', params: { service_tier: 'flex' } }, with a price unless OpenAI or Google sells it.`
  )
}

/** Returns the reason to report in the receipt if a call begins with the targets for long requests. */
function tooLongForFirst({ outage: [first] }: Plan): Takeover | undefined {
  return first && { from: first.name, reason: 'context-length', skipped: 'the request seems too long for it' }
}

/** Returns the reason to report in the receipt if a call goes on with a second list of targets after this outcome of the first. */
function takeoverAfter(outcome: Outcome, { receipt }: Exchange): Takeover | undefined {
  const from = 'answer' in outcome ? outcome.answer.servedBy?.name : receipt.attempts.at(-1)?.target
  if (from === undefined) return undefined
  const { error } = outcome as { error?: unknown }
  const reason = error instanceof AttemptError ? error.failure.kind : 'content-filter'
  return { from, reason, skipped: undefined }
}

function answerOf(outcome: Outcome): Answer {
  if ('error' in outcome) throw outcome.error
  return outcome.answer
}
