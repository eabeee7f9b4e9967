import { Alarm } from '../batcher/alarm.ts'
import type { Clock } from '../clock.ts'
import { describeValue } from '@harbor/parts'
import { aSignal, validate, type Check } from '../validate.ts'
import type { AcquireOptions, Cost, Lease, Outcome, RateLimiter, RateLimiterStats } from './contracts.ts'
import { LimiterFullError } from './limiter-full-error.ts'
import { Quotas, type Marks } from './quotas.ts'
import type { ObservedLimits } from './rate-limit-headers.ts'
import { RateLimitWaitError } from './rate-limit-wait-error.ts'
import type { RateLimitSettings } from './rate-limits.ts'
import { steadyClock } from './steady-clock.ts'
import { Trial } from './trial.ts'
import { WaitingLine, type Waiter } from './waiting-line.ts'

/** A provider that asks for a longer pause than a day means something else. */
const LONGEST_PAUSE_MS = 86_400_000

/** Leads acquires through the waiting line to their leases, and what answers tell to the limits. */
export class QuotaRateLimiter implements RateLimiter {
  readonly #settings: RateLimitSettings
  readonly #clock: Clock
  readonly #quotas: Quotas
  readonly #trial: Trial
  readonly #line = new WaitingLine()
  readonly #alarm: Alarm
  readonly #counts = { granted: 0, inFlight: 0, refused: 0, rateLimited: 0 }
  #pausedUntil = -Infinity
  /** Requests a minute are neither configured nor told: the trial says what they are. */
  #guesses = false

  constructor(settings: RateLimitSettings) {
    this.#settings = settings
    this.#clock = steadyClock(settings.clock)
    this.#quotas = new Quotas(settings, this.#clock.now())
    this.#trial = new Trial(this.#clock.now())
    this.#alarm = new Alarm(this.#clock, () => this.#advance())
  }

  acquire(cost: Cost, options?: AcquireOptions): Promise<Lease> {
    return new Promise((resolve, reject) => {
      checkCost(cost)
      if (options) validate(options, ACQUIRE_CHECKS)
      const { signal, priority = 0 } = options ?? {}
      signal?.throwIfAborted() // A promise that is being made rejects with its reason.
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
    const mayStart = !this.#quotas.tooLarge(cost) && this.#isNext(options?.priority ?? 0)
    return mayStart && this.#readyAt(cost, now) <= now ? this.#grant(cost, now) : undefined
  }

  waitMs(cost: Cost): number {
    checkCost(cost)
    const now = this.#now()
    if (this.#quotas.tooLarge(cost)) return Infinity
    return Math.max(0, this.#startAt(cost, 0, now) - now)
  }

  learn(limits: ObservedLimits): void {
    this.#quotas.observe(limits, undefined, this.#now())
    this.#guesses &&= !this.#quotas.isTold('requests')
    this.#advance()
  }

  stats(): RateLimiterStats {
    const now = this.#now()
    return {
      ...this.#counts,
      waiting: this.#line.size,
      pausedForMs: Math.max(0, this.#pausedUntil - now),
      limits: this.#quotas.stats(now),
    }
  }

  /** The time; what headers taught has expired by then. */
  #now(): number {
    const now = this.#clock.now()
    if (this.#quotas.expire(now) && this.#quotas.unknown) this.#trial.restart(this.#counts.inFlight)
    return now
  }

  #mayStart(cost: Cost, priority: number, now: number): boolean {
    const tooLarge = this.#quotas.tooLarge(cost)
    if (tooLarge) {
      this.#counts.refused++
      throw tooLarge
    }
    return this.#isNext(priority) && this.#readyAt(cost, now) <= now
  }

  /** Nobody waits who would go first. */
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
    // What a trial holds up goes on with the next answer, and nobody can tell when that is.
    const waitMs = this.#isTrying() ? 0 : this.#startAt(cost, priority, now) - now
    if (waitMs > maxWaitMs || this.#line.size >= maxQueue) {
      this.#counts.refused++
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
    this.#setAlarm(now)
  }

  /** Starts whoever may start by now, and sends away whoever has waited too long. */
  #advance(): void {
    if (this.#line.size === 0) {
      this.#alarm.clear()
      return
    }
    const now = this.#now()
    for (let first = this.#line.first; first; first = this.#line.first) {
      const tooLarge = this.#quotas.tooLarge(first.cost)
      if (!tooLarge && this.#readyAt(first.cost, now) > now) break
      this.#line.remove(first)
      if (tooLarge) this.#refuse(first, tooLarge)
      else first.resolve(this.#grant(first.cost, now))
    }
    for (
      let late = this.#line.firstToGiveUp;
      late && late.deadlineMs <= now;
      late = this.#line.firstToGiveUp
    ) {
      const waitMs = Math.max(0, this.#readyAt(late.cost, now) - now)
      this.#line.remove(late)
      this.#refuse(late, new RateLimitWaitError(waitMs, this.#settings.maxWaitMs))
    }
    this.#setAlarm(now)
  }

  #refuse(waiter: Waiter, error: Error): void {
    this.#counts.refused++
    waiter.reject(error)
  }

  #setAlarm(now: number): void {
    const { first, firstToGiveUp } = this.#line
    if (!first || !firstToGiveUp) this.#alarm.clear()
    else this.#alarm.ringBy(Math.min(this.#readyAt(first.cost, now), firstToGiveUp.deadlineMs))
  }

  /** When this would start, coming now. */
  #startAt(cost: Cost, priority: number, now: number): number {
    if (this.#isTrying()) return Infinity
    const ahead = this.#line.ahead(priority)
    return Math.max(this.#pausedUntil, this.#quotas.readyAt(cost, now, ahead, ahead.requests))
  }

  /** When this may start, being the next. */
  #readyAt(cost: Cost, now: number): number {
    return this.#isTrying() ? Infinity : Math.max(this.#pausedUntil, this.#quotas.readyAt(cost, now))
  }

  /** Nothing is known, and the answers that may tell have not come. */
  #isTrying(): boolean {
    return this.#quotas.unknown && this.#counts.inFlight >= this.#trial.allowed
  }

  #grant(cost: Cost, now: number): Lease {
    const marks = this.#quotas.take(cost, now)
    const number = ++this.#counts.granted
    this.#counts.inFlight++
    let open = true
    const close = (end: () => void): void => {
      if (!open) return
      open = false
      this.#counts.inFlight--
      end()
      this.#advance()
    }
    return {
      settle: (outcome) => close(() => this.#settle(marks, number, outcome)),
      cancel: () => close(() => this.#quotas.undo(marks, this.#now())),
    }
  }

  #settle(marks: Marks, number: number, { status, usage, observed, retryAfterMs }: Outcome): void {
    const now = this.#now()
    const refusedByStatus = status !== undefined && status >= 400 && status < 500
    const used = usage ?? (refusedByStatus ? { input: 0, output: 0 } : undefined)
    if (used && isCost(used)) this.#quotas.correct(used, marks, now)
    if (observed) {
      this.#quotas.observe(observed, marks, now)
      this.#guesses &&= !this.#quotas.isTold('requests')
    }
    if (status === 429) this.#rateLimited(number, retryAfterMs, now)
    // What failed on its way or at the provider says nothing about how much is allowed.
    else if (status === undefined ? used !== undefined : status < 500) this.#answered(number, now)
  }

  #answered(number: number, now: number): void {
    const guess = this.#trial.good(number, now)
    if (guess !== undefined && this.#guesses) this.#quotas.guess('requests', guess, now)
  }

  #rateLimited(number: number, retryAfterMs: number | undefined, now: number): void {
    this.#counts.rateLimited++
    if (!this.#quotas.has('requests')) this.#guesses = true
    const cut = this.#trial.refused(number, this.#counts.granted, now)
    if (cut && this.#guesses) this.#quotas.guess('requests', cut.guess, now)
    const told = typeof retryAfterMs === 'number' && retryAfterMs >= 0 && retryAfterMs <= LONGEST_PAUSE_MS
    const pauseMs = told ? retryAfterMs : (cut?.pauseMs ?? 0)
    if (pauseMs === 0) return
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pauseMs)
    if (cut) this.#trial.pausedUntil(this.#pausedUntil)
    this.#quotas.pause(this.#pausedUntil, now)
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
