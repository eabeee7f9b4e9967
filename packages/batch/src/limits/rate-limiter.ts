import { DeadlineTimer } from '../deadline-timer.ts'
import { type Clock, steadyClock } from '../clock.ts'
import { describeValue } from '@harbor/parts'
import { aSignal, validate, type Check } from '../validate.ts'
import type { AcquireOptions, Cost, Lease, Outcome, RateLimiter, RateLimiterStats } from './contracts.ts'
import { LimiterFullError, RateLimitWaitError } from './errors.ts'
import type { LimitSource } from './limit-source.ts'
import { LimitTable, type Marks } from './limit-table.ts'
import type { ObservedLimits } from './headers/rate-limit-headers.ts'
import type { RateLimitSettings } from './rate-limits.ts'
import { RateProbe } from './rate-probe.ts'
import { WaitingLine, type Waiter } from './waiting-line.ts'

/** The maximum pause that a provider can request, in milliseconds. A request for a longer pause is ignored as wrong. */
const MAX_PAUSE_MS = 86_400_000

/** The limiter behind `createRateLimiter()`: grants leases when the limits allow it, queues acquires that have to wait, and learns from outcomes. */
export class TokenBucketLimiter implements RateLimiter {
  readonly #settings: RateLimitSettings
  readonly #clock: Clock
  readonly #limits: LimitTable
  readonly #probe: RateProbe
  readonly #line = new WaitingLine()
  readonly #timer: DeadlineTimer
  readonly #counts = { granted: 0, inFlight: 0, refused: 0, rateLimited: 0 }
  #pausedUntil = -Infinity
  /** Whether the limit of requests per minute is guessed by the probe, because it is neither configured nor reported. */
  #guesses = false
  /** What fills the buckets instead of time, if the limits are shared with other processes. */
  readonly #source: LimitSource | undefined

  constructor(settings: RateLimitSettings, source?: LimitSource) {
    this.#settings = settings
    this.#clock = steadyClock(settings.clock)
    this.#limits = new LimitTable(settings, this.#clock.now())
    this.#probe = new RateProbe(this.#clock.now())
    this.#timer = new DeadlineTimer(this.#clock, () => this.#advance())
    this.#source = source
    source?.attach({
      now: () => this.#clock.now(),
      limits: () => this.#limits.stated(),
      first: () => this.#line.first?.cost,
      waiting: () => this.#line.ahead(-Infinity),
      started: () => this.#counts.granted,
      pausedUntil: () => this.#pausedUntil,
      pause: (untilMs) => void (this.#pausedUntil = Math.max(this.#pausedUntil, untilMs)),
      advance: () => this.#advance(),
    })
  }

  acquire(cost: Cost, options?: AcquireOptions): Promise<Lease> {
    return new Promise((resolve, reject) => {
      checkCost(cost)
      if (options) validate(options, ACQUIRE_CHECKS)
      const { signal, priority = 0 } = options ?? {}
      signal?.throwIfAborted() // Throwing inside the executor rejects the promise.
      const now = this.#now()
      this.#advance()
      if (this.#mayStart(cost, priority, now)) resolve(this.#grant(cost, now))
      else this.#wait(cost, priority, signal, resolve, reject, now)
    })
  }

  tryAcquire(cost: Cost, options?: Pick<AcquireOptions, 'priority'>): Lease | undefined {
    checkCost(cost)
    if (options) validate(options, TRY_CHECKS)
    const now = this.#now()
    this.#advance()
    const mayStart = !this.#limits.tooLarge(cost) && this.#isNext(options?.priority ?? 0)
    if (mayStart && this.#readyAt(cost, now) <= now) return this.#grant(cost, now)
    this.#source?.changed(now, cost)
    return undefined
  }

  waitMs(cost: Cost): number {
    checkCost(cost)
    const now = this.#now()
    if (this.#limits.tooLarge(cost)) return Infinity
    return Math.max(0, this.#startAt(cost, 0, now) - now)
  }

  learn(limits: ObservedLimits): void {
    this.#limits.observe(limits, undefined, this.#now())
    this.#guesses &&= !this.#limits.isStated('requests')
    this.#advance()
    this.#source?.changed(this.#clock.now())
  }

  stats(): RateLimiterStats {
    const now = this.#now()
    return {
      ...this.#counts,
      waiting: this.#line.size,
      pausedForMs: Math.max(0, this.#pausedUntil - now),
      limits: this.#limits.stats(now),
    }
  }

  /** Returns the current time, and removes limits that have expired by then. */
  #now(): number {
    const now = this.#clock.now()
    this.#source?.tick(now)
    if (this.#limits.expire(now) && this.#limits.isEmpty) this.#probe.restart(this.#counts.inFlight)
    return now
  }

  #mayStart(cost: Cost, priority: number, now: number): boolean {
    const tooLarge = this.#limits.tooLarge(cost)
    if (tooLarge) {
      this.#counts.refused++
      throw tooLarge
    }
    return this.#isNext(priority) && this.#readyAt(cost, now) <= now
  }

  /** Whether a new acquire with this priority would be the first in the queue. */
  #isNext(priority: number): boolean {
    const { first } = this.#line
    return !first || first.priority < priority
  }

  #wait(
    cost: Cost,
    priority: number,
    signal: AbortSignal | undefined,
    resolve: Waiter['resolve'],
    reject: Waiter['reject'],
    now: number,
  ): void {
    const { maxQueue, maxWaitMs } = this.#settings
    // While probing, the wait ends with the next answer, at an unknown time.
    const waitMs = this.#isProbing() ? 0 : this.#startAt(cost, priority, now) - now
    if (waitMs > maxWaitMs || this.#line.size >= maxQueue) {
      this.#counts.refused++
      this.#source?.changed(now, cost)
      throw waitMs > maxWaitMs ? new RateLimitWaitError(waitMs, maxWaitMs) : new LimiterFullError(maxQueue)
    }
    const waiter: Waiter = {
      cost: { input: cost.input, output: cost.output, estimated: cost.estimated },
      priority,
      deadlineMs: now + maxWaitMs,
      resolve,
      reject,
      signal,
      onAbort: undefined,
      previous: undefined,
      next: undefined,
    }
    if (signal) {
      waiter.onAbort = () => {
        this.#line.remove(waiter)
        reject(signal.reason)
        this.#advance()
      }
    }
    this.#line.push(waiter)
    this.#setTimer(now)
    this.#source?.changed(now)
  }

  /** Grants leases to acquires that may start by now, and rejects those whose deadline has passed. */
  #advance(): void {
    if (this.#line.size === 0) {
      this.#timer.clear()
      return
    }
    const now = this.#now()
    for (let first = this.#line.first; first; first = this.#line.first) {
      const tooLarge = this.#limits.tooLarge(first.cost)
      if (!tooLarge && this.#readyAt(first.cost, now) > now) break
      this.#line.remove(first)
      if (tooLarge) this.#refuse(first, tooLarge)
      else first.resolve(this.#grant(first.cost, now))
    }
    for (let late = this.#line.nextToExpire; late && late.deadlineMs <= now; late = this.#line.nextToExpire) {
      const waitMs = Math.max(0, this.#readyAt(late.cost, now) - now)
      this.#line.remove(late)
      this.#refuse(late, new RateLimitWaitError(waitMs, this.#settings.maxWaitMs))
    }
    this.#setTimer(now)
  }

  #refuse(waiter: Waiter, error: Error): void {
    this.#counts.refused++
    waiter.reject(error)
  }

  #setTimer(now: number): void {
    const { first, nextToExpire } = this.#line
    if (!first || !nextToExpire) this.#timer.clear()
    else this.#timer.fireBy(Math.min(this.#readyAt(first.cost, now), nextToExpire.deadlineMs))
  }

  /** Returns the time at which a new acquire would start, after all waiting acquires of the same or a higher priority. */
  #startAt(cost: Cost, priority: number, now: number): number {
    if (this.#isProbing()) return Infinity
    const ahead = this.#line.ahead(priority)
    return Math.max(this.#pausedUntil, this.#limits.readyAt(cost, now, ahead, ahead.requests))
  }

  /** Returns the time at which an acquire may start if no other acquire starts before it. */
  #readyAt(cost: Cost, now: number): number {
    return this.#isProbing() ? Infinity : Math.max(this.#pausedUntil, this.#limits.readyAt(cost, now))
  }

  /** Whether nothing may start until an answer arrives: no limit is known, and the probe allows no more requests in flight. */
  #isProbing(): boolean {
    return this.#limits.isEmpty && this.#counts.inFlight >= this.#probe.allowed
  }

  #grant(cost: Cost, now: number): Lease {
    const marks = this.#limits.take(cost, now)
    const number = ++this.#counts.granted
    this.#counts.inFlight++
    this.#source?.changed(now)
    let open = true
    const close = (end: () => void): void => {
      if (!open) return
      open = false
      this.#counts.inFlight--
      end()
      this.#advance()
      this.#source?.changed(this.#clock.now())
    }
    return {
      settle: (outcome) => close(() => this.#settle(marks, number, outcome)),
      cancel: () => close(() => this.#limits.undo(marks, this.#now())),
    }
  }

  #settle(marks: Marks, number: number, { status, usage, observed, retryAfterMs }: Outcome): void {
    const now = this.#now()
    const refusedByStatus = status !== undefined && status >= 400 && status < 500
    const used = usage ?? (refusedByStatus ? { input: 0, output: 0 } : undefined)
    if (used && isCost(used)) this.#limits.correct(used, marks, now)
    if (observed) {
      this.#limits.observe(observed, marks, now)
      this.#guesses &&= !this.#limits.isStated('requests')
    }
    if (status === 429) this.#rateLimited(number, retryAfterMs, now)
    // Network errors and 5xx say nothing about limits.
    else if (status === undefined ? used !== undefined : status < 500) this.#answered(number, now)
  }

  #answered(number: number, now: number): void {
    const guess = this.#probe.succeeded(number, now)
    if (guess !== undefined && this.#guesses) this.#limits.guess('requests', guess, now)
  }

  #rateLimited(number: number, retryAfterMs: number | undefined, now: number): void {
    this.#counts.rateLimited++
    if (!this.#limits.has('requests')) this.#guesses = true
    const cut = this.#probe.refused(number, this.#counts.granted, now)
    if (cut && this.#guesses) this.#limits.guess('requests', cut.guess, now)
    const isStated = typeof retryAfterMs === 'number' && retryAfterMs >= 0 && retryAfterMs <= MAX_PAUSE_MS
    const pauseMs = isStated ? retryAfterMs : (cut?.pauseMs ?? 0)
    if (pauseMs === 0) return
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pauseMs)
    if (cut) this.#probe.pausedUntil(this.#pausedUntil)
    this.#limits.pause(this.#pausedUntil, now)
  }
}

function isCost({ input, output }: Cost): boolean {
  return Number.isFinite(input) && Number.isFinite(output) && input >= 0 && output >= 0
}

function checkCost(cost: Cost): void {
  if (typeof cost !== 'object' || (cost as unknown) === null)
    throw new TypeError(`cost must be { input, output }, got ${describeValue(cost)}`)
  for (const part of ['input', 'output'] as const) {
    if (Number.isFinite(cost[part]) && cost[part] >= 0) continue
    throw new TypeError(
      `cost.${part} must be a finite number of tokens of at least 0, got ${describeValue(cost[part])}`,
    )
  }
}

const aPriority: Check = [Number.isFinite, 'a finite number']
const TRY_CHECKS: Readonly<Record<'priority', Check>> = { priority: aPriority }
const ACQUIRE_CHECKS: Readonly<Record<keyof AcquireOptions, Check>> = { signal: aSignal, priority: aPriority }
