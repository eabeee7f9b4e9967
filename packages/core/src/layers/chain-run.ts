import { AllTargetsFailedError, type FallbackContext, type HedgeOptions } from '@harbor/fallback'
import { leftOutByClose, nothingAvailable, nothingCapable } from '../attempt/refusals.ts'
import type { Answer, Exchange, LegHandler } from '../call/exchange.ts'
import { noteWait } from '../call/note-wait.ts'
import { RequestFacts } from '../call/request-facts.ts'
import { legSignal } from '../call/leg.ts'
import { Leg, type Takeover } from '../call/leg.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import { ClientClosedError } from '../base/errors.ts'
import { adaptRequest, isSameRequest, type AdaptedRequest } from '../routing/adapt-request.ts'
import { whyUnable } from '../routing/capabilities.ts'
import { contextFit } from '../routing/context-window.ts'
import type { Quotas } from '../limits/quotas.ts'
import type { Health } from '../routing/health.ts'
import type { Target } from '../reporting/target.ts'
import { failureOf } from '../routing/takeover.ts'
import { CIRCUIT_OPEN, mostInformativeError, noteAttempts, refusalOf } from './chain-outcome.ts'
import { hasRequestOnWire } from './send-gate.ts'

const NO_TARGETS: readonly Target[] = []

export interface ChainServices {
  readonly health: Health
  readonly quotas: Quotas
  /** Sends the call to one target, through the layers below. */
  readonly next: LegHandler
}

/** How a run serves only a part of a call, whose other targets are called afterwards. */
export interface PartOfCall {
  /** The targets that can take over from those of the run. */
  readonly others: readonly Target[]
  /** When the run must have ended, on the clock of the policy. */
  readonly endsAt: number
}

/** Serves one call with one list of targets: calls one target after the other until one answers. */
export class ChainRun {
  readonly #exchange: Exchange
  readonly #targets: readonly Target[]
  readonly #services: ChainServices
  readonly #hedge: HedgeOptions | false
  readonly #part: PartOfCall | undefined
  readonly #tooLong: (target: Target) => string | undefined
  /** The first target that could serve the call when the run was created. It is called without a second check when its turn comes. */
  #firstAble: Target | undefined
  /**
   * Whether the call has several targets, and at least one of them can serve it. If not, no target is skipped because of its rate limits or
   * an estimated prompt length.
   */
  readonly #mayChoose: boolean
  /**
   * The number of the first cooldown that counts; earlier cooldowns are ignored. It is 0 if `#mayChoose` is true, so that all cooldowns
   * count. Otherwise only cooldowns count that start during this call.
   */
  readonly #cooldownsSince: number
  /** Why the next target is called instead of an earlier one; undefined if there is no earlier one. */
  #takeover: Takeover | undefined
  /** When the latest target was called. */
  #calledAt: number | undefined
  readonly #sent: { readonly target: Target; readonly request: AdaptedRequest }[] = []

  /**
   * @param takeover why the call does not begin with the first target of its usual list; undefined if it does
   * @param part undefined if the call has no other targets
   */
  constructor(
    exchange: Exchange,
    targets: readonly Target[],
    services: ChainServices,
    takeover?: Takeover,
    part?: PartOfCall,
  ) {
    const { perCall, policy, operation, json } = exchange
    this.#exchange = exchange
    this.#targets = targets
    this.#services = services
    this.#takeover = takeover
    this.#part = part
    this.#hedge = targets.length > 1 ? (perCall.hedge ?? policy.hedge ?? false) : false
    this.#tooLong = contextFit(operation, json)
    this.#cooldownsSince = 0
    this.#firstAble = targets.length > 1 ? targets.find((target) => this.#canTakeOver(target)) : undefined
    this.#mayChoose = this.#firstAble !== undefined || part !== undefined
    if (!this.#mayChoose) this.#cooldownsSince = services.health.cooldowns.started
  }

  /** Calls the targets until one answers. @throws AttemptError when no target answered */
  async run(): Promise<Answer> {
    const { health } = this.#services
    const exchange = this.#exchange
    const targets = this.#targets
    try {
      const { value, target, attempts } = await health.chain.run(
        (candidate, context) => this.#call(candidate, context),
        { targets, hedge: this.#hedge },
      )
      exchange.receipt.target = target
      noteAttempts(exchange, attempts, health)
      return value
    } catch (error) {
      if (!(error instanceof AllTargetsFailedError)) throw error
      noteAttempts(exchange, error.attempts, health)
      const failed = mostInformativeError(error.attempts)
      if (failed && failed.failure.kind !== 'refused') throw failed
      await yieldToEventLoop()
      if (failed) throw failed
      const first = atFirstTarget(exchange, targets)
      throw targets.every((target) => this.#whyUnable(target) !== undefined)
        ? nothingCapable(first)
        : nothingAvailable(first, earliestRetryMs(targets, health))
    }
  }

  async #call(target: Target, context: FallbackContext): Promise<Answer> {
    const reason = target === this.#firstAble ? undefined : this.#reasonToSkip(target)
    if (reason !== undefined) context.skip(reason)
    this.#firstAble = undefined // later targets are checked again when they are called
    const exchange = this.#exchange
    const { receipt, policy } = exchange
    const later = [
      ...this.#targets.slice(this.#targets.indexOf(target) + 1),
      ...(this.#part?.others ?? NO_TARGETS),
    ]
    const attemptsBefore = receipt.attempts.length
    const slowSince = context.hedged ? this.#calledAt : undefined
    this.#calledAt = policy.clock.now()
    const leg = new Leg(
      target,
      policy.routes.providerOf(target),
      () => later.filter((other) => this.#canTakeOver(other)).length,
      context.hedged ? undefined : (this.#takeover ?? this.#skippedFirst(target)),
    )
    leg.hedged = context.hedged
    leg.endsAt = this.#part?.endsAt
    const race = this.#hedge === false ? undefined : legSignal(exchange, context.signal)
    try {
      const signal = race?.signal ?? exchange.signal
      const adapted = adaptedRequest(exchange, leg, context)
      leg.adaptations = adapted.adaptations
      this.#skipIfSameRequest(adapted, target, context)
      const { url, headers, json, init } = adapted
      noteWait(exchange, 'hedge-delay', slowSince)
      const facts = json === exchange.json ? exchange.facts : new RequestFacts()
      const answer = await this.#services.next({ ...exchange, url, headers, json, init, signal, leg, facts })
      race?.won()
      if (answer.body.kind === 'text') race?.release()
      else void answer.body.ended.then(() => race?.release())
      return { ...answer, servedBy: target }
    } catch (error) {
      race?.release()
      this.#takeover =
        failureOf({ ...exchange, leg }, attemptsBefore) ?? this.#takeover ?? refusalOf(target, error)
      // While a request to another target is on the wire, it may still answer. So if the client was closed, only this target is skipped.
      throw ClientClosedError.is(error) && hasRequestOnWire(exchange)
        ? leftOutByClose({ ...exchange, leg }, error)
        : error
    }
  }

  /**
   * Whether a target can serve the call, as far as Harbor knows. Its circuit, cooldowns, capabilities, context window and rate limits must
   * all allow the call.
   */
  #canTakeOver(target: Target): boolean {
    return (
      this.#services.health.isAvailable(target) &&
      this.#cooldownReason(target) === undefined &&
      this.#whyUnable(target) === undefined &&
      this.#tooLong(target) === undefined &&
      this.#limitReason(target) === undefined
    )
  }

  /** Returns the reason, in words, why a target with a closed circuit is skipped; undefined if it is not skipped. */
  #reasonToSkip(target: Target): string | undefined {
    return (
      this.#whyUnable(target) ??
      (this.#mayChoose ? (this.#tooLong(target) ?? this.#limitReason(target)) : undefined) ??
      this.#cooldownReason(target)
    )
  }

  #whyUnable(target: Target): string | undefined {
    return whyUnable(target, this.#exchange.policy.routes.providerOf(target), this.#exchange)
  }

  #cooldownReason(target: Target): string | undefined {
    const { routes } = this.#exchange.policy
    return this.#services.health.cooldowns.reasonFor(
      target,
      routes.providerOf(target),
      this.#exchange,
      this.#cooldownsSince,
    )
  }

  #limitReason(target: Target): string | undefined {
    return this.#services.quotas.waitMs(target, this.#exchange) > 0
      ? 'its limits leave no room now'
      : undefined
  }

  /**
   * Returns the reason to report if the first target of the list is skipped and another target is called instead; undefined if it is not
   * skipped.
   */
  #skippedFirst(target: Target): Takeover | undefined {
    const [first] = this.#targets
    if (!first || target === first) return undefined
    const skipped = this.#services.health.isAvailable(first) ? this.#reasonToSkip(first) : CIRCUIT_OPEN
    return { from: first.name, reason: 'refused', skipped: skipped ?? 'it was not available' }
  }

  /**
   * Skips a target if an earlier target got exactly the same request. This happens if an entry in `providers` has the same base URL and
   * credential as the client itself.
   */
  #skipIfSameRequest(request: AdaptedRequest, target: Target, context: FallbackContext): void {
    if (this.#targets.length < 2) return
    const { routes } = this.#exchange.policy
    const { fetch } = routes.providerOf(target)
    const twin = this.#sent.find(
      (earlier) =>
        isSameRequest(earlier.request, request) && routes.providerOf(earlier.target).fetch === fetch,
    )
    if (twin) context.skip(`it gives the same request as ${twin.target.name}`)
    this.#sent.push({ target, request })
  }
}

/**
 * Rewrites the request for a target. If its JSON is nested too deeply to be written again, skips the target, because such a request can
 * only be sent unchanged.
 */
function adaptedRequest(
  exchange: Exchange,
  { target, provider }: Leg,
  context: FallbackContext,
): AdaptedRequest {
  try {
    return adaptRequest(exchange, target, provider)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return context.skip('the request is nested too deeply to be rewritten for it')
  }
}

/**
 * Waits until the event loop has run once. A call that Harbor refuses does no I/O. A caller that retries it in a tight loop would therefore
 * block the event loop, and with it the health check that could close the circuit.
 */
function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Returns the time until the first of the targets' circuits lets a call through, in milliseconds. */
function earliestRetryMs(targets: readonly Target[], health: Health): number {
  return Math.min(...targets.map((target) => health.breakerOf(target)?.retryAfterMs ?? 0))
}
