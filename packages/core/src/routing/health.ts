import type { TargetStats } from '../reporting/target-stats.ts'
import type { BreakerSettings } from '../options/breaker-settings.ts'
import type { FleetCircuits } from '../options/fleet-circuits.ts'
import {
  consecutive,
  createBreakerRegistry,
  timeWindow,
  type BreakerEvent,
  type BreakerOptions,
  type BreakerRegistry,
  type CircuitBreaker,
  type TripRule,
} from '@harbor/breaker'
import { FallbackChain } from '@harbor/fallback'
import type { Failure } from '@harbor/retry'
import type { LegExchange, Log } from '../call/exchange.ts'
import { systemClock } from '../base/clock.ts'
import type { OwnRequests } from '../transport/transport.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { AttemptError } from '../attempt/attempt-error.ts'
import { wasImpatient, type Latencies } from '../attempt/impatience.ts'
import { isTargetFailure, mayMoveOn } from '../attempt/next-step.ts'
import { HealthProbes } from './health-probes.ts'
import type { KeyRings } from './key-rings.ts'
import { keyStatsOf } from './key-stats.ts'
import { RecentLatencies } from './recent-latencies.ts'
import { targetKey } from './state-keys.ts'
import { TargetCooldowns } from './target-cooldowns.ts'
import type { Target } from '../reporting/target.ts'

type CircuitChange = Pick<BreakerEvent, 'state' | 'retryAfterMs' | 'byStore'>

export interface HealthOptions {
  readonly breaker: BreakerSettings | false
  /**
   * The time between two health checks, in milliseconds. `false`: no health checks. Only real calls then show whether a target has
   * recovered.
   */
  readonly checkIntervalMs: number | false
  readonly fetch: OwnRequests
  readonly telemetry: Telemetry
  readonly log: Log
  readonly rings: KeyRings
  /** What the processes of a fleet share. */
  readonly circuits?: FleetCircuits | undefined
}

/**
 * The timeout of the probe of a half-open circuit, in milliseconds. The probe is a real call, so this is longer than most calls take: a
 * slow probe does not count as failed.
 */
const PROBE_TIMEOUT_MS = 120_000
const MAX_TARGETS = 1_000
/** How long a breaker is cached here, in milliseconds, before it is looked up in the registry again. */
const LOOKUP_EVERY_MS = 1_000
const TRIP_WITH_ALTERNATIVE = consecutive(3)
const TRIP_WITHOUT_ALTERNATIVE = timeWindow({ durationMs: 30_000, failureRatio: 0.5, minimumCalls: 20 })
/** A target for the constructor of `FallbackChain`, which requires one. Harbor passes the real targets with each call. */
const PLACEHOLDER_TARGET = { name: 'placeholder', baseURL: '' } as Target

/**
 * The health of all targets: their circuits, cooldowns and health checks. The admission layer reports how attempts end, and the fallback
 * layer reads which targets are available.
 */
export class Health {
  /** Calls one target after the other, and records their success ratios and latencies. */
  readonly chain: FallbackChain<Target>
  readonly cooldowns: TargetCooldowns
  /** How long targets have taken lately. Recorded only if the option `models` contains variants. */
  readonly latencies = new RecentLatencies()
  readonly #options: HealthOptions
  readonly #breakers: BreakerRegistry | undefined
  readonly #probes: HealthProbes
  /** Maps the key of each target to the targets between which the latest call could choose, including the target itself. */
  readonly #alternatives = new Map<string, readonly Target[]>()
  #lastAlternatives: readonly Target[] | undefined
  /** The breakers that were looked up lately, by target. A call needs the breaker of its target several times, so it is cached here. */
  readonly #recent = new WeakMap<Target, { readonly breaker: CircuitBreaker; readonly lookedUpAt: number }>()
  /** Breakers whose events are forwarded to the telemetry. */
  readonly #subscribed = new WeakSet<CircuitBreaker>()
  /** Open circuits that the fleet has opened. */
  readonly #openedByFleet = new WeakSet<CircuitBreaker>()

  constructor(options: HealthOptions) {
    this.#options = options
    this.cooldowns = new TargetCooldowns(options.rings, options.circuits?.cooldowns)
    const { breaker, checkIntervalMs } = options
    if (breaker !== false) this.#breakers = createBreakerRegistry((key) => this.#breakerOptions(key, breaker))
    this.#probes = new HealthProbes(options.fetch, MAX_TARGETS)
    this.chain = new FallbackChain<Target>({
      targets: [PLACEHOLDER_TARGET],
      isAvailable: (target) => target === PLACEHOLDER_TARGET || this.isAvailable(target),
      whenNoneAvailable: 'fail',
      shouldAdvance: mayMoveOn,
      countsAsFailure: (error) => this.#countsAsFailure(error),
      clock: systemClock,
      ...(checkIntervalMs !== false && {
        healthCheck: (target, signal) => this.#probes.check(target, signal),
        healthCheckIntervalMs: checkIntervalMs,
        onRecovered: ({ target }) => this.breakerOf(target)?.halfOpen(),
      }),
    })
    this.chain.start()
  }

  /**
   * Returns a promise if the fleet has to be asked about these targets: because this process was idle, or because a circuit that is open in all
   * processes is to be probed. It resolves soon, and never rejects.
   */
  refresh(targets: readonly Target[]): Promise<void> | undefined {
    const { circuits } = this.#options
    if (!circuits) return undefined
    // An open circuit whose time is over requests the right to probe when it is looked at.
    for (const target of targets) this.isAvailable(target)
    return circuits.refresh()
  }

  /** Returns the reason, in words, why the target's circuit lets no call through; undefined if it does. */
  whyUnavailable(target: Target): string | undefined {
    if (this.isAvailable(target)) return undefined
    const breaker = this.breakerOf(target)
    return breaker && this.#openedByFleet.has(breaker)
      ? 'its circuit was opened by other processes'
      : 'its circuit is open'
  }

  /** Whether the target's circuit lets a call through. */
  isAvailable(target: Target): boolean {
    const state = this.breakerOf(target)?.state
    return state !== 'open' && state !== 'isolated'
  }

  /** Whether the target's circuit lets all calls through. */
  isClosed(target: Target): boolean {
    return (this.breakerOf(target)?.state ?? 'closed') === 'closed'
  }

  breakerOf(target: Target): CircuitBreaker | undefined {
    if (!this.#breakers) return undefined
    const now = systemClock.now()
    const recent = this.#recent.get(target)
    if (recent && now - recent.lookedUpAt < LOOKUP_EVERY_MS) return recent.breaker
    const breaker = this.#breakers.get(targetKey(target))
    if (!this.#subscribed.has(breaker)) this.#subscribe(breaker, target.name)
    this.#recent.set(target, { breaker, lookedUpAt: now })
    return breaker
  }

  /** Returns the durations of a target's latest answers. */
  latenciesOf({ name }: Target): Latencies {
    return this.chain.health.get(name)
  }

  /**
   * Stores the targets between which a call can choose. While one of them can take over for another, the circuit of the other may open
   * after fewer failures.
   * @param of the targets from which others can take over
   */
  setAlternatives(targets: readonly Target[], of = targets): void {
    if (targets.length < 2 || targets === this.#lastAlternatives) return
    this.#lastAlternatives = targets
    for (const target of of) {
      const key = targetKey(target)
      if (this.#alternatives.size < MAX_TARGETS || this.#alternatives.has(key))
        this.#alternatives.set(key, targets)
    }
  }

  /**
   * Starts a cooldown if this failure calls for one. If the target's circuit is now open, also stores the request with which a health check
   * can find out whether the target has recovered.
   */
  noteFailure(exchange: LegExchange, failure: Failure): void {
    this.cooldowns.noteFailure(exchange, failure)
    if (!this.isAvailable(exchange.leg.target)) this.#probes.learnFrom(exchange)
  }

  /** Called when a target has answered: with its whole answer, or with the first content of a stream. */
  noteAnswer(exchange: LegExchange, durationMs: number): void {
    this.cooldowns.noteAnswer(exchange)
    const { policy, leg, streaming, operation } = exchange
    if (!policy.routes.hasVariants || !operation.checksAnswers) return
    this.latencies.note(leg.target, streaming, durationMs, policy.clock.now())
  }

  /** Returns statistics of the targets that were called, by name. */
  stats(): Record<string, TargetStats> {
    const stats: Record<string, TargetStats> = {}
    for (const [key, breaker] of this.#breakers?.entries() ?? []) {
      const name = key.slice(0, key.indexOf('\n'))
      // If a target's name has several addresses, the address that is unavailable for the longest time is reported.
      if ((stats[name]?.retryAfterMs ?? -1) >= breaker.retryAfterMs) continue
      const { state, retryAfterMs } = breaker
      const available = state === 'closed' || state === 'half-open'
      stats[name] = { ...this.#recordOf(name), state, available, retryAfterMs }
    }
    for (const [name] of this.chain.health.entries()) {
      if (name === PLACEHOLDER_TARGET.name) continue
      stats[name] ??= { ...this.#recordOf(name), state: 'closed', available: true, retryAfterMs: 0 }
    }
    return stats
  }

  close(): void {
    this.chain.close()
  }

  /**
   * Whether a failed attempt counts against its target. It does not if the cause was this process, or a short timeout that the caller had
   * set.
   */
  #countsAsFailure(error: unknown): boolean {
    if (!(error instanceof AttemptError) || !isTargetFailure(error)) return false
    const { exchange, cause } = error
    return !wasImpatient(exchange, cause, this.latenciesOf(exchange.leg.target))
  }

  #subscribe(breaker: CircuitBreaker, target: string): void {
    this.#subscribed.add(breaker)
    const note = ({ state, retryAfterMs, byStore }: CircuitChange): void => {
      if (byStore && state === 'open') this.#openedByFleet.add(breaker)
      else this.#openedByFleet.delete(breaker)
      const change = { target, state, retryAfterMs }
      this.#options.telemetry.emit('breaker', byStore ? { ...change, byFleet: true } : change)
      const by = byStore ? ', as in the other processes' : ''
      this.#options.log(state === 'open' ? 'warn' : 'info', () => `${target}: its circuit is ${state}${by}`)
    }
    for (const event of ['open', 'half-open', 'close'] as const) breaker.on(event, note)
    // The fleet may have opened it before the first call of this process.
    const { state, retryAfterMs } = breaker
    if (state === 'open') note({ state, retryAfterMs, byStore: true })
  }

  #recordOf(name: string): Omit<TargetStats, 'state' | 'available' | 'retryAfterMs'> {
    const { successRatio, latencyMs, lastError, lastCheckAt } = this.chain.health.get(name)
    const cause: unknown = lastError instanceof Error ? lastError.message : lastError
    const lastFailure = typeof cause === 'string' ? cause : undefined
    const keys = keyStatsOf(name, this.#options.rings, this.cooldowns)
    return { successRatio, latencyMs, lastFailure, lastCheckAt, keys }
  }

  #breakerOptions(key: string, settings: BreakerSettings): BreakerOptions {
    const early = onlyIf(TRIP_WITH_ALTERNATIVE, () => this.#hasAlternative(key))
    return {
      trip: [early, TRIP_WITHOUT_ALTERNATIVE],
      probeTimeoutMs: PROBE_TIMEOUT_MS,
      store: this.#options.circuits?.store,
      ...settings,
      clock: systemClock,
    }
  }

  /**
   * Whether another target can take over. The circuit of that target must be closed, because a half-open circuit lets only one call through
   * at a time. If no other target can take over, the circuit opens only after more failures than the usual three; otherwise Harbor itself
   * would cause an outage.
   */
  #hasAlternative(key: string): boolean {
    const targets = this.#alternatives.get(key) ?? []
    return targets.some((target) => targetKey(target) !== key && this.isClosed(target))
  }
}

/** Makes a copy of a trip rule that counts all results, but opens the circuit only while `mayTrip` returns true. */
function onlyIf(rule: TripRule, mayTrip: () => boolean): TripRule {
  return {
    timing: rule.timing,
    start: (saved) => {
      const tally = rule.start(saved)
      return {
        record: (failed, durationMs, now) => tally.record(failed, durationMs, now) && mayTrip(),
        counts: (now) => tally.counts(now),
        save: () => tally.save(),
      }
    },
  }
}
