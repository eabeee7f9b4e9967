import { AllTargetsFailedError, type FallbackContext, type TargetAttempt } from '@harbor/fallback'
import { AttemptError } from '../attempt/attempt-error.ts'
import { leftOutByClose, nothingAvailable } from '../attempt/failures.ts'
import { isOver, type Answer, type Exchange, type Handler, type LegHandler } from '../call/exchange.ts'
import { RequestFacts } from '../call/request-facts.ts'
import { planOf } from '../routing/plan-of.ts'
import { Leg, legSignal, type Takeover } from '../call/leg.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import { ClientClosedError } from '../base/errors.ts'
import { adaptRequest, type AdaptedRequest } from '../routing/adapt-request.ts'
import { lackOf } from '../routing/capabilities.ts'
import { contextFit } from '../routing/context-window.ts'
import type { Quotas } from '../limits/quotas.ts'
import type { Health } from '../routing/health.ts'
import type { Plan } from '../targets/routes.ts'
import type { Target } from '../reporting/target.ts'
import { failureOf } from '../routing/takeover.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { isSameRequest } from '../routing/same-request.ts'
import { hasRequestOnWire } from './send-gate.ts'
import { mayMoveOn, nextTargetAfter } from '../attempt/next-step.ts'

const CIRCUIT_OPEN = 'its circuit is open'

type Outcome = { readonly answer: Answer } | { readonly error: unknown }

/**
 * Chooses who serves the call: the first target of its chain that is available and able, and the next one when that fails.
 * A request that is too long, or was refused for its content, goes to the chain given for that, if there is one.
 */
export function fallbackLayer(
  health: Health,
  quotas: Quotas,
  telemetry: Telemetry,
): (next: LegHandler) => Handler {
  return (next) =>
    async function fallback(exchange) {
      const plan = planOf(exchange)
      const chain = chainFor(exchange, plan)
      health.noteAlternatives(chain)
      const targets = inOrder(exchange, chain, health, telemetry)
      const begins = chain === plan.outage ? undefined : leftForLength(plan)
      const first = await outcomeOf(follow(exchange, targets, { health, quotas }, next, begins))
      const rescue = rescueFrom(first, chain, plan).filter((target) => !targets.includes(target))
      if (rescue.length === 0 || isOver(exchange)) return answerOf(first)
      health.noteAlternatives(rescue)
      const ledTo = takeoverAfter(first, exchange)
      const second = await outcomeOf(follow(exchange, rescue, { health, quotas }, next, ledTo))
      // What kept the first one from serving tells the caller more than what became of the rescue.
      if (!('answer' in second)) return answerOf(first)
      if ('answer' in first && first.answer.body.kind === 'stream') {
        first.answer.body.abandon(new Error('Another target serves the call.'))
      }
      return second.answer
    }
}

/** Where the call begins: with the long models, when it seems too long for all the others. */
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

/** One target after the other, until one answers. */
async function follow(
  exchange: Exchange,
  targets: readonly Target[],
  { health, quotas }: { readonly health: Health; readonly quotas: Quotas },
  next: LegHandler,
  begins?: Takeover,
): Promise<Answer> {
  const { policy, perCall, receipt } = exchange
  const { routes } = policy
  const hedge = targets.length > 1 ? (perCall.hedge ?? policy.hedge ?? false) : false
  let since = 0
  let ledTo = begins
  const restOf = (target: Target): string | undefined =>
    health.restingReason(target, routes.providerOf(target), exchange, since)
  const tooLong = contextFit(exchange.operation, exchange.json)
  const busy = (target: Target): string | undefined =>
    quotas.waitMs(target, exchange) > 0 ? 'its limits leave no room now' : undefined
  const canTakeOver = (target: Target): boolean =>
    health.isAvailable(target) &&
    !restOf(target) &&
    !lackOf(target, exchange) &&
    !tooLong(target) &&
    !busy(target)
  // Rests, limits and estimated lengths steer. Where there is nowhere to steer to, only those rests count that this call brings about.
  let able = targets.length > 1 ? targets.find(canTakeOver) : undefined
  const steers = able !== undefined
  if (!steers) since = health.restsNoted
  const reasonToSkip = (target: Target): string | undefined =>
    lackOf(target, exchange) ?? (steers ? (tooLong(target) ?? busy(target)) : undefined) ?? restOf(target)

  const sent: Sent[] = []

  async function call(target: Target, context: FallbackContext): Promise<Answer> {
    const reason = target === able ? undefined : reasonToSkip(target)
    if (reason !== undefined) context.skip(reason)
    able = undefined // of what was asked before the call, by the time that others are called much may have changed
    const later = targets.slice(targets.indexOf(target) + 1)
    const provider = routes.providerOf(target)
    const attemptsBefore = receipt.attempts.length
    const takeover = context.hedged ? undefined : (ledTo ?? leftOut(target))
    const leg = new Leg(target, provider, () => later.filter(canTakeOver).length, takeover)
    const race = hedge === false ? undefined : legSignal(exchange, context.signal)
    try {
      const signal = race?.signal ?? exchange.signal
      const adapted = rewritten(exchange, leg, context)
      leg.adaptations = adapted.adaptations
      if (targets.length > 1) skipTwin(adapted, target, sent, context)
      const { url, headers, json, init } = adapted
      const facts = json === exchange.json ? exchange.facts : new RequestFacts()
      const answer = await next({ ...exchange, url, headers, json, init, signal, leg, facts })
      race?.won()
      if (answer.body.kind === 'text') race?.release()
      else void answer.body.ended.then(() => race?.release())
      return { ...answer, servedBy: target }
    } catch (error) {
      race?.release()
      ledTo = failureOf({ ...exchange, leg }, attemptsBefore) ?? ledTo
      // A target that would have joined another one, which may still answer, is left out.
      throw ClientClosedError.is(error) && hasRequestOnWire(exchange)
        ? leftOutByClose({ ...exchange, leg }, error)
        : error
    }
  }

  /** Where no target was called before, the first one was left out. */
  function leftOut(target: Target): Takeover | undefined {
    const [first] = targets
    if (!first || target === first) return undefined
    const skipped = health.isAvailable(first) ? reasonToSkip(first) : CIRCUIT_OPEN
    return { from: first.name, reason: 'refused', skipped: skipped ?? 'it was not available' }
  }

  try {
    const { value, target, attempts } = await health.chain.run(call, { targets, hedge })
    receipt.target = target
    note(exchange, attempts, health)
    return value
  } catch (error) {
    if (!(error instanceof AllTargetsFailedError)) throw error
    note(exchange, error.attempts, health)
    const told = mostTelling(error.attempts)
    if (told && told.failure.kind !== 'refused') throw told
    await otherWork()
    throw told ?? nothingAvailable(atFirstTarget(exchange, targets), soonest(targets, health))
  }
}

/** A text that is nested too deeply can be sent as it came, and not be written once more. */
function rewritten(exchange: Exchange, { target, provider }: Leg, context: FallbackContext): AdaptedRequest {
  try {
    return adaptRequest(exchange, target, provider)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return context.skip('the request is nested too deeply to be rewritten for it')
  }
}

interface Sent {
  readonly target: Target
  readonly request: AdaptedRequest
}

/** Two targets may turn out to be one, when a caller brings the address and credential that an entry has as well. */
function skipTwin(request: AdaptedRequest, target: Target, sent: Sent[], context: FallbackContext): void {
  const twin = sent.find((earlier) => isSameRequest(earlier.request, request))
  if (twin) context.skip(`it gives the same request as ${twin.target.name}`)
  sent.push({ target, request })
}

/**
 * A refusal comes from no network: whoever asks again at once, and again, would keep the event loop from ever bringing the
 * answer of the probe that ends it.
 */
function otherWork(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function outcomeOf(answer: Promise<Answer>): Promise<Outcome> {
  try {
    return { answer: await answer }
  } catch (error) {
    return { error }
  }
}

function rescueFrom(outcome: Outcome, begun: readonly Target[], plan: Plan): readonly Target[] {
  const { outage, contextWindow, contentPolicy } = plan
  if ('answer' in outcome) return outcome.answer.filtered ? contentPolicy : []
  // It only seemed too long for those who were left out.
  if (begun !== outage && mayMoveOn(outcome.error)) return outage
  const next = nextTargetAfter(outcome.error)
  return next === 'context-chain' ? contextWindow : next === 'policy-chain' ? contentPolicy : []
}

/** The chain for long requests begins the call, since all targets of the usual one are too small for it. */
function leftForLength({ outage: [first] }: Plan): Takeover | undefined {
  return first && { from: first.name, reason: 'context-length', skipped: 'the request seems too long for it' }
}

/** Why another chain goes on after this outcome. */
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

/** Tells the receipt who was left out, and keeps of each failure no more than its kind: an error holds the whole request. */
function note({ receipt }: Exchange, attempts: readonly TargetAttempt[], { chain }: Health): void {
  for (const attempt of attempts) {
    const { target } = attempt
    if (attempt.outcome === 'skipped') {
      const reason = attempt.reason === 'unavailable' ? CIRCUIT_OPEN : attempt.reason
      receipt.skipped.push({ target, reason })
    } else if (attempt.outcome === 'failed' && attempt.error instanceof AttemptError) {
      chain.health.get(target).lastError = attempt.error.failure.kind
    }
  }
}

/** An upstream's own words before a broken connection, and both before what Harbor did not send; the latest of each. */
function mostTelling(attempts: readonly TargetAttempt[]): AttemptError | undefined {
  const errors = attempts.flatMap((attempt) =>
    attempt.outcome === 'failed' && attempt.error instanceof AttemptError ? [attempt.error] : [],
  )
  const sent = errors.filter(({ failure }) => failure.kind !== 'refused')
  return sent.findLast(({ answer }) => answer) ?? sent.at(-1) ?? errors.at(-1)
}

/** How long until one of them may be tried, in milliseconds. */
function soonest(targets: readonly Target[], health: Health): number {
  return Math.min(...targets.map((target) => health.breakerOf(target)?.retryAfterMs ?? 0))
}
