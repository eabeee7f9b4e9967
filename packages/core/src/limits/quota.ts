import {
  createConcurrencyLimit,
  createRateLimiter,
  QueueFullError,
  RateLimitWaitError,
  RequestTooLargeError,
  type ConcurrencyLease,
  type ConcurrencyLimit,
  type Lease,
  type ObservedLimits,
  type RateLimiter,
  type RateLimits,
} from '@harbor/batch'
import { AttemptError } from '../attempt/attempt-error.ts'
import { limitReached, limiterFull } from '../attempt/refusals.ts'
import { CallWait } from '../call/call-wait.ts'
import { noteWait } from '../call/note-wait.ts'
import { remainingMs, type Answer, type Exchange, type LegExchange } from '../call/exchange.ts'
import { ClientClosedError } from '../base/errors.ts'
import { systemClock } from '../base/clock.ts'
import { limiterStatusOf, situationOf } from '../verdict/verdict.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { WaitReason } from '../reporting/attempt-record.ts'
import type { TokenUsage } from '../reporting/receipt.ts'
import type { Target } from '../reporting/target.ts'
import type { LimitOptions } from '../options/limit-options.ts'
import type { QuotaStats } from '../reporting/quota-stats.ts'
import { TokenEstimates, type TokenEstimate } from './token-estimates.ts'

/** The part of a quota group's limits that is reserved for one attempt. When the attempt is over, exactly one of the methods is called. */
export interface Pass {
  succeeded(answer: Answer): void
  failed(error: unknown): void
  /** Cancels the reservation. Called if nothing was sent. */
  cancel(): void
}

/** The limits of one quota group: requests and tokens per minute, and concurrent requests. */
export class Quota {
  readonly #limiter: RateLimiter
  readonly #concurrency: ConcurrencyLimit | undefined
  readonly #estimates: TokenEstimates
  readonly #onError: (error: unknown) => void

  constructor(
    { maxConcurrency, countTokens, ...rates }: LimitOptions,
    onError: (error: unknown) => void = () => undefined,
    createLimiter: (rates: RateLimits) => RateLimiter = createRateLimiter,
  ) {
    this.#onError = onError
    this.#estimates = new TokenEstimates(countTokens)
    this.#limiter = createLimiter({ ...rates, clock: systemClock })
    if (maxConcurrency === undefined) return
    const fixed = maxConcurrency === 'adaptive' ? undefined : maxConcurrency
    this.#concurrency = createConcurrencyLimit(
      fixed === undefined ? {} : { initial: fixed, min: fixed, max: fixed },
    )
  }

  /**
   * Returns how long the request would wait for the limits, in milliseconds. While all concurrency slots are in use, the result is at least
   * 1.
   */
  waitMs(target: Target, exchange: Exchange): number {
    return this.#waitMs(this.#estimates.of(target.name, exchange))
  }

  #waitMs(cost: TokenEstimate): number {
    return Math.max(this.#limiter.waitMs(cost), this.#isFull ? 1 : 0)
  }

  get #isFull(): boolean {
    const concurrency = this.#concurrency
    return concurrency !== undefined && concurrency.inFlight >= concurrency.limit
  }

  stats(): QuotaStats {
    return { rate: this.#limiter.stats(), concurrency: this.#concurrency?.stats() }
  }

  /**
   * Reserves a part of the limits for an attempt: synchronously if possible, otherwise after a wait.
   * @throws AttemptError if the wait would take longer than the time that the call has left, or the request can never be within the limits
   * @throws the signal's reason if the signal aborts
   */
  enter(exchange: LegExchange): Pass | Promise<Pass> {
    const cost = this.#estimates.of(exchange.leg.target.name, exchange)
    return this.#enterNow(exchange, cost) ?? this.#enterLater(exchange, cost)
  }

  #enterNow(exchange: LegExchange, cost: TokenEstimate): Pass | undefined {
    if (this.#isFull) return undefined
    const lease = this.#limiter.tryAcquire(cost, { priority: priorityOf(exchange) })
    if (!lease || !this.#concurrency)
      return lease && new QuotaPass(exchange, lease, undefined, this.#estimates, this.#onError)
    const slot = this.#concurrency.tryAcquire()
    if (slot) return new QuotaPass(exchange, lease, slot, this.#estimates, this.#onError)
    lease.cancel()
    return undefined
  }

  async #enterLater(exchange: LegExchange, cost: TokenEstimate): Promise<Pass> {
    const expectedMs = this.#waitMs(cost)
    // Do not start a wait that outlasts the call. Infinity only means that the limits are not known until the first answers arrive.
    if (expectedMs !== Infinity && expectedMs > remainingMs(exchange))
      throw limitReached(exchange, expectedMs)
    const { receipt, policy } = exchange
    const wait = expectedMs > 0 ? new CallWait(exchange) : undefined
    const begun = policy.clock.now()
    let waiting: { reason: WaitReason; startedAt: number } = { reason: 'limit', startedAt: begun }
    let lease: Lease | undefined
    try {
      lease = await this.#limiter.acquire(cost, { signal: wait?.signal, priority: priorityOf(exchange) })
      noteWait(exchange, 'limit', begun)
      waiting = { reason: 'queue', startedAt: policy.clock.now() }
      // Acquire the rate limit first: a slot that is held during this wait would count as in use.
      const slot = await this.#concurrency?.acquire(wait?.signal)
      const waitedMs = policy.clock.now() - begun
      if (waitedMs >= 1) receipt.waited(waitedMs, 'limit')
      return new QuotaPass(exchange, lease, slot, this.#estimates, this.#onError)
    } catch (error) {
      lease?.cancel()
      throw this.#refusal(exchange, error, wait?.isOver === true, cost)
    } finally {
      noteWait(exchange, waiting.reason, waiting.startedAt)
      wait?.end()
    }
  }

  #refusal(exchange: LegExchange, error: unknown, isOver: boolean, cost: TokenEstimate): unknown {
    if (isOver) return limitReached(exchange, this.#limiter.waitMs(cost))
    if (RateLimitWaitError.is(error)) return limitReached(exchange, error.waitMs, error)
    if (RequestTooLargeError.is(error)) return limitReached(exchange, undefined, error)
    return QueueFullError.is(error) ? limiterFull(exchange, error) : error
  }
}

function priorityOf({ perCall }: LegExchange): number {
  return perCall.priority ?? (perCall.isPrefetch ? -1 : 0)
}

class QuotaPass implements Pass {
  readonly #exchange: LegExchange
  readonly #lease: Lease
  readonly #slot: ConcurrencyLease | undefined
  readonly #estimates: TokenEstimates
  readonly #onError: (error: unknown) => void

  constructor(
    exchange: LegExchange,
    lease: Lease,
    slot: ConcurrencyLease | undefined,
    estimates: TokenEstimates,
    onError: (error: unknown) => void,
  ) {
    this.#exchange = exchange
    this.#lease = lease
    this.#slot = slot
    this.#estimates = estimates
    this.#onError = onError
  }

  succeeded(answer: Answer): void {
    const observed = this.#exchange.operation.errors.rateLimitsOf(answer.headers, undefined)
    const settle = (): void => {
      const { receipt, leg, operation } = this.#exchange
      const usage = receipt.usage && limitedUsage(receipt.usage, operation)
      try {
        if (usage) this.#estimates.learn(leg.target.name, this.#exchange, usage)
      } catch (error) {
        this.#onError(error) // the lease must be settled in any case
      }
      this.#lease.settle({
        status: answer.status,
        observed,
        usage: usage && { input: usage.inputTokens, output: usage.outputTokens },
      })
      this.#slot?.settle({ overloaded: false })
    }
    if (answer.body.kind === 'text') settle()
    else void answer.body.ended.then(settle)
  }

  failed(error: unknown): void {
    // The client was closed before the request was sent.
    if (ClientClosedError.is(error)) {
      this.cancel()
      return
    }
    if (!(error instanceof AttemptError)) {
      this.#lease.settle({})
      this.#slot?.cancel()
      return
    }
    const { failure, answer } = error
    const situation = situationOf(failure)
    if (situation === 'not-sent' || situation === 'refused') {
      this.cancel()
      return
    }
    const isLimit = situation === 'rate-limit'
    this.#lease.settle({
      status: limiterStatusOf(failure),
      retryAfterMs: isLimit ? failure.retryAfterMs : undefined,
      observed: answer && rateLimitsIn(this.#exchange, answer),
    })
    if (situation === 'aborted') this.#slot?.cancel()
    else this.#slot?.settle({ overloaded: isLimit || situation === 'overloaded' })
  }

  cancel(): void {
    this.#lease.cancel()
    this.#slot?.cancel()
  }
}

/** Returns the usage with only those input tokens that count against the provider's rate limits. */
function limitedUsage(usage: TokenUsage, { tokens }: Operation): TokenUsage {
  return tokens.limitedInputOf ? { ...usage, inputTokens: tokens.limitedInputOf(usage) } : usage
}

/** Returns the provider's rate limits, as the headers or the body of an error response report them. */
function rateLimitsIn({ operation }: LegExchange, { headers, body }: Answer): ObservedLimits {
  return operation.errors.rateLimitsOf(headers, body.kind === 'text' ? body.text : undefined)
}
