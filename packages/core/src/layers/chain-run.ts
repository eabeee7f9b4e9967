import {
  AllTargetsFailedError,
  type FallbackContext,
  type HedgeOptions,
  type TargetAttempt,
} from '@harbor/fallback'
import { AttemptError } from '../attempt/attempt-error.ts'
import { leftOutByClose, nothingAvailable } from '../attempt/refusals.ts'
import type { Answer, Exchange, LegHandler } from '../call/exchange.ts'
import { RequestFacts } from '../call/request-facts.ts'
import { legSignal } from '../call/leg.ts'
import { Leg, type Takeover } from '../call/leg.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import { ClientClosedError } from '../base/errors.ts'
import { adaptRequest, type AdaptedRequest } from '../routing/adapt-request.ts'
import { missingCapability } from '../routing/capabilities.ts'
import { contextFit } from '../routing/context-window.ts'
import type { Quotas } from '../limits/quotas.ts'
import type { Health } from '../routing/health.ts'
import type { Target } from '../reporting/target.ts'
import { failureOf } from '../routing/takeover.ts'
import { linesOf } from '../targets/twins.ts'
import { hasRequestOnWire } from './send-gate.ts'

const CIRCUIT_OPEN = 'its circuit is open'

interface Services {
  readonly health: Health
  readonly quotas: Quotas
  /** The layers below, which serve the call at one target. */
  readonly next: LegHandler
}

/** One call on its way along one chain: it tries one target after the other until one answers. */
export class ChainRun {
  readonly #exchange: Exchange
  readonly #targets: readonly Target[]
  readonly #services: Services
  readonly #hedge: HedgeOptions | false
  readonly #tooLong: (target: Target) => string | undefined
  /** The first target that can serve the call for certain, found before the run. It is called without checking it again. */
  #able: Target | undefined
  /** Limits and estimated lengths only choose between targets: without one that can serve the call for certain, they are ignored. */
  readonly #mayChoose: boolean
  /** Without such a target, cooldowns are ignored as well, except those that this call itself starts. */
  readonly #cooldownsSince: number
  /** Why the next target takes over. */
  #takeover: Takeover | undefined
  readonly #sent: { readonly target: Target; readonly request: AdaptedRequest }[] = []

  /** @param takeover why the call did not begin with the first target of its usual chain, if so */
  constructor(exchange: Exchange, targets: readonly Target[], services: Services, takeover?: Takeover) {
    const { perCall, policy, operation, json } = exchange
    this.#exchange = exchange
    this.#targets = targets
    this.#services = services
    this.#takeover = takeover
    this.#hedge = targets.length > 1 ? (perCall.hedge ?? policy.hedge ?? false) : false
    this.#tooLong = contextFit(operation, json)
    this.#cooldownsSince = 0
    this.#able = targets.length > 1 ? targets.find((target) => this.#canTakeOver(target)) : undefined
    this.#mayChoose = this.#able !== undefined
    if (!this.#mayChoose) this.#cooldownsSince = services.health.cooldowns.started
  }

  /** @throws AttemptError when no target answered */
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
      await otherWork()
      throw failed ?? nothingAvailable(atFirstTarget(exchange, targets), earliestRetryMs(targets, health))
    }
  }

  async #call(target: Target, context: FallbackContext): Promise<Answer> {
    const reason = target === this.#able ? undefined : this.#reasonToSkip(target)
    if (reason !== undefined) context.skip(reason)
    this.#able = undefined // by the time that later targets are called, much may have changed
    const exchange = this.#exchange
    const { receipt, policy } = exchange
    const later = this.#targets.slice(this.#targets.indexOf(target) + 1)
    const attemptsBefore = receipt.attempts.length
    const leg = new Leg(
      target,
      policy.routes.providerOf(target),
      () => later.filter((other) => this.#canTakeOver(other)).length,
      context.hedged ? undefined : (this.#takeover ?? this.#skippedFirst(target)),
    )
    const race = this.#hedge === false ? undefined : legSignal(exchange, context.signal)
    try {
      const signal = race?.signal ?? exchange.signal
      const adapted = adaptedRequest(exchange, leg, context)
      leg.adaptations = adapted.adaptations
      this.#skipTwin(adapted, target, context)
      const { url, headers, json, init } = adapted
      const facts = json === exchange.json ? exchange.facts : new RequestFacts()
      const answer = await this.#services.next({ ...exchange, url, headers, json, init, signal, leg, facts })
      race?.won()
      if (answer.body.kind === 'text') race?.release()
      else void answer.body.ended.then(() => race?.release())
      return { ...answer, servedBy: target }
    } catch (error) {
      race?.release()
      this.#takeover = failureOf({ ...exchange, leg }, attemptsBefore) ?? this.#takeover
      // Another target of the call may still answer, so that only this one is left out.
      throw ClientClosedError.is(error) && hasRequestOnWire(exchange)
        ? leftOutByClose({ ...exchange, leg }, error)
        : error
    }
  }

  /** Whether a target can serve the call for certain, as far as Harbor knows. */
  #canTakeOver(target: Target): boolean {
    return (
      this.#services.health.isAvailable(target) &&
      this.#cooldownReason(target) === undefined &&
      missingCapability(target, this.#exchange) === undefined &&
      this.#tooLong(target) === undefined &&
      this.#limitReason(target) === undefined
    )
  }

  /** Why a target is not called although its circuit is closed, in words; undefined when it is called. */
  #reasonToSkip(target: Target): string | undefined {
    return (
      missingCapability(target, this.#exchange) ??
      (this.#mayChoose ? (this.#tooLong(target) ?? this.#limitReason(target)) : undefined) ??
      this.#cooldownReason(target)
    )
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

  /** Where no target was called before this one, it takes over from the first one, which was skipped. */
  #skippedFirst(target: Target): Takeover | undefined {
    const [first] = this.#targets
    if (!first || target === first) return undefined
    const skipped = this.#services.health.isAvailable(first) ? this.#reasonToSkip(first) : CIRCUIT_OPEN
    return { from: first.name, reason: 'refused', skipped: skipped ?? 'it was not available' }
  }

  /** Two targets may lead to the same request when a caller's address and credential are also those of an entry in `providers`. */
  #skipTwin(request: AdaptedRequest, target: Target, context: FallbackContext): void {
    if (this.#targets.length < 2) return
    const twin = this.#sent.find((earlier) => isSameRequest(earlier.request, request))
    if (twin) context.skip(`it gives the same request as ${twin.target.name}`)
    this.#sent.push({ target, request })
  }
}

/** A text that is nested too deeply to be written again can still be sent unchanged, to a target that needs no rewriting. */
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

/** Whether the second of two requests could only repeat the first. */
function isSameRequest(one: AdaptedRequest, other: AdaptedRequest): boolean {
  return (
    one.url === other.url &&
    one.credential === other.credential &&
    one.init.body === other.init.body &&
    linesOf(one.headers) === linesOf(other.headers)
  )
}

/**
 * A local refusal does no I/O. A caller that retries in a tight loop would starve the event loop, and with it the probe that could
 * close the circuit again, so yield once.
 */
function otherWork(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Records skipped targets in the receipt. Of a failure the health board keeps only the kind, since the error holds the whole request. */
function noteAttempts({ receipt }: Exchange, attempts: readonly TargetAttempt[], { chain }: Health): void {
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

/** An answer of a provider before a broken connection, and both before a refusal of Harbor; the latest of each. */
function mostInformativeError(attempts: readonly TargetAttempt[]): AttemptError | undefined {
  const errors = attempts.flatMap((attempt) =>
    attempt.outcome === 'failed' && attempt.error instanceof AttemptError ? [attempt.error] : [],
  )
  const sent = errors.filter(({ failure }) => failure.kind !== 'refused')
  return sent.findLast(({ answer }) => answer) ?? sent.at(-1) ?? errors.at(-1)
}

/** How long until one of these circuits lets a call through, in milliseconds. */
function earliestRetryMs(targets: readonly Target[], health: Health): number {
  return Math.min(...targets.map((target) => health.breakerOf(target)?.retryAfterMs ?? 0))
}
