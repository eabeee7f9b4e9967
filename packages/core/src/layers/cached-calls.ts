import { createCache, requestKey, type Cache, type Recorded, type WorkContext } from '@harbor/cache'
import { AttemptError } from '../attempt/attempt-error.ts'
import { isSpendRefusal, notCached } from '../attempt/refusals.ts'
import { systemClock } from '../base/clock.ts'
import type { CacheRules, CacheStoreOptions } from '../options/cache-options.ts'
import { deliver, errorForCaller, type CallerContext } from '../cache/deliver.ts'
import { sentRequest } from '../cache/sent-request.ts'
import type { AnswerHead } from '../cache/answer-head.ts'
import type { SeparatingHeaders } from '../cache/separating-headers.ts'
import type { Scope, Scopes } from '../cache/scopes.ts'
import type { SemanticAnswers } from '../cache/semantic-answers.ts'
import { SemanticOrigin } from '../cache/semantic-call.ts'
import { whyNotCached } from '../cache/why-not-cached.ts'
import type { Answer, Exchange, Handler } from '../call/exchange.ts'
import { sharedExchange } from '../call/exchange-copies.ts'
import { planOf } from '../routing/plan-of.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import type { Accounts } from '../cost/accounts.ts'
import type { PrefetchOptions } from '../options/prefetch-options.ts'
import { PredictivePrefetch } from '../prefetch/predictive-prefetch.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Ledger } from '../cost/spend-limit.ts'
import { observedUpstream } from './observe.ts'
import { recordCall, type SharedFlights, type StartedCall } from './record-call.ts'
import { isRefusedForOthers } from './reservation.ts'
import { isCalledOffForOthers } from './send-gate.ts'

/** What the cache of a client needs of the client. */
export interface CacheServices {
  readonly scopes: Scopes
  readonly separatingHeaders: SeparatingHeaders
  readonly accounts: Accounts
  readonly ledger: Ledger
  readonly telemetry: Telemetry
  /** Sends a call through all layers, for predictive prefetches. */
  readonly handle: Handler
  readonly nextId: () => string
}

export interface CachedCallsOptions {
  readonly store: CacheStoreOptions
  /** The upstream calls that are shared with other processes; undefined if equal calls of other processes are not joined. */
  readonly fleet: SharedFlights | undefined
  /** The options of the predictive prefetch; undefined when it is off. */
  readonly prefetch: PrefetchOptions | undefined
  /** Makes the semantic cache; undefined when it is off. */
  readonly newSemantic?: ((store: Cache<never>, telemetry: Telemetry) => SemanticAnswers) | undefined
}

/**
 * Answers calls from the cache, and coalesces identical concurrent requests into one upstream call. It is above the fallback layer, so an
 * answer is cached under the model that was requested, not under the one that answered.
 */
export class CachedCalls {
  /** The cache that a client and its copies share. */
  readonly store: Cache<never>
  /** Predicts requests from earlier ones; undefined when `prefetch` is off. */
  readonly prefetch: PredictivePrefetch | undefined
  /** Answers by the meaning of their questions; undefined when `cache.semantic` is off. */
  readonly semantic: SemanticAnswers | undefined
  readonly #services: CacheServices
  readonly #fleet: SharedFlights | undefined

  constructor({ store, fleet, prefetch, newSemantic }: CachedCallsOptions, services: CacheServices) {
    this.#fleet = fleet
    this.store = createCache<never>({ ...store, clock: systemClock })
    this.prefetch = prefetch && new PredictivePrefetch(prefetch, this.store, services)
    this.semantic = newSemantic?.(this.store, services.telemetry)
    this.#services = services
  }

  /** Answers a call from the cache, or by a call upstream that all callers with the same request share. */
  async answer(exchange: Exchange, rules: CacheRules, next: Handler): Promise<Answer> {
    const { scopes, accounts, telemetry } = this.#services
    const plan = planOf(exchange)
    const reason = whyNotCached(exchange, rules, telemetry)
    if (reason !== undefined) {
      exchange.receipt.cache = { status: 'bypass', reason, ageMs: 0 }
      // A prefetch of an answer that cannot be cached is of no use.
      if (exchange.perCall.cache === 'only-if-cached' || exchange.perCall.isPrefetch)
        throw notCached(atFirstTarget(exchange, plan.outage))
      return next(exchange)
    }
    let upstream: StartedCall | undefined
    const caller = (): CallerContext => ({ exchange, plan, upstream, accounts })
    const start = (context: WorkContext): StartedCall => {
      const fork = sharedExchange(exchange, context)
      const started = { fork, answering: observedUpstream(fork, next, telemetry) }
      upstream = started
      return started
    }
    const { perCall, operation } = exchange
    const { json, url, variant } = sentRequest(exchange, plan)
    // A credential in the URL separates callers by their scope, not by the key of the request.
    const baseURL = operation.endpoint.withoutCredential(url)
    const given = { scope: perCall.scope ?? rules.scope, labels: exchange.receipt.labels }
    const scope = scopes.of(exchange, given, rules, plan)
    const semantic =
      this.semantic && (await this.semantic.callOf(exchange, { json, baseURL, variant }, scope, rules))
    let scopelessKey = ''
    const key = (): string => {
      // The key does not contain the scope, since the store already separates scopes.
      scopelessKey = requestKey(json, { baseURL, scope: ANY_SCOPE, ignore: rules.ignore })
      const whole = scopelessKey + scope.variant + variant
      if (!perCall.isPrefetch) this.prefetch?.observe(exchange, whole, scope.name)
      return whole
    }
    try {
      const recorded = await recordCall(
        { store: this.store, fleet: this.#fleet },
        { key, scope: scope.name, plan, semantic },
        exchange,
        rules,
        start,
      )
      if (
        recorded.error === undefined ||
        upstream ||
        !(await this.#isStaleForOthers(recorded.error, caller()))
      ) {
        const { origin } = recorded
        if (origin instanceof SemanticOrigin) return await this.#deliverMeant(caller(), recorded, origin)
        const answer = await deliver(caller(), recorded)
        if (recorded.status === 'miss') semantic?.keep(recorded.stored)
        if (recorded.status === 'miss' && recorded.reason === 'absent')
          this.#nameSeparatingHeaders(exchange, scopelessKey, scope)
        return answer
      }
      recorded.body.cancel()
    } catch (error) {
      const isForOthers =
        isCalledOffForOthers(error, exchange) ||
        (!upstream && (wouldDoMore(exchange, error) || (await this.#couldPay(error, caller()))))
      if (isForOthers) return this.answer(exchange, rules, next)
      throw errorForCaller(error, caller())
    }
    return this.answer(exchange, rules, next)
  }

  /** Delivers an answer that was cached for another text. For callers, it is a hit, also if they joined the one that found it. */
  async #deliverMeant(
    caller: CallerContext,
    recorded: Recorded<AnswerHead>,
    { similarity, ageMs }: SemanticOrigin,
  ): Promise<Answer> {
    const hit = { ...recorded, ageMs, status: 'hit', reason: 'semantic' } as unknown as Recorded<AnswerHead>
    const answer = await deliver({ ...caller, upstream: undefined }, hit)
    const { receipt } = caller.exchange
    if (receipt.cache) receipt.cache = { ...receipt.cache, semantic: { similarity } }
    return answer
  }

  /**
   * Whether the answer is stale only because the call that began the load could not pay for it, while this one can. A caller that cannot pay
   * either gets the stale answer, which costs nothing. @param error the failure of the load
   */
  async #isStaleForOthers(error: unknown, { exchange, plan }: CallerContext): Promise<boolean> {
    return isRefusedForOthers(error, exchange, plan, this.#services).catch(() => false)
  }

  /**
   * Whether the caller of a shared request can pay for it, while the call that began the request could not.
   * @throws AttemptError 402 when the caller cannot pay either, and the request was refused for that reason
   */
  async #couldPay(error: unknown, caller: CallerContext): Promise<boolean> {
    try {
      return await isRefusedForOthers(error, caller.exchange, caller.plan, this.#services)
    } catch (own) {
      // The failure of a request that was sent says more than that this caller could not have sent another one.
      if (!isSpendRefusal(error)) return false
      throw errorForCaller(own, caller)
    }
  }

  /**
   * Notes in the receipt which headers prevented a hit: a cached answer to the same request exists, but with other values of these headers.
   */
  #nameSeparatingHeaders({ receipt }: Exchange, scopelessKey: string, scope: Scope): void {
    const { separatingHeaders, scopes } = this.#services
    const names = separatingHeaders.find(scopelessKey, scope, scopes, this.store)
    if (names !== undefined && receipt.cache)
      receipt.cache = { ...receipt.cache, reason: `absent: ${names} differs` }
  }
}

/**
 * Whether a call that shares the failure of another one would have done more itself: have made more or longer attempts, or called another
 * target. The call then has to be made again.
 */
function wouldDoMore(exchange: Exchange, error: unknown): boolean {
  if (!(error instanceof AttemptError)) return false
  const { failure, exchange: other } = error
  const more = (limit: 'maxAttempts' | 'attemptMs' | 'maxUpstreamCalls'): boolean =>
    exchange.policy[limit] > other.policy[limit]
  if (failure.retryable && (more('maxAttempts') || more('attemptMs') || more('maxUpstreamCalls'))) return true
  const { outage: called } = planOf(other)
  return planOf(exchange).outage.some((target) => called.every(({ name }) => name !== target.name))
}

/**
 * The constant text in the place of the scope in each cache key. The store separates scopes by itself. The text must never change, because
 * the keys in remote caches are made from it.
 */
const ANY_SCOPE = 'question'
