import type { TargetStats } from '../reporting/target-stats.ts'
import type { BreakerSettings } from '../options/breaker-settings.ts'
import {
  consecutive,
  createBreakerRegistry,
  timeWindow,
  type BreakerOptions,
  type BreakerRegistry,
  type CircuitBreaker,
  type TripRule,
} from '@harbor/breaker'
import { FallbackChain } from '@harbor/fallback'
import type { Failure } from '@harbor/retry'
import type { Latencies } from '../attempt/impatience.ts'
import type { LegExchange, Log } from '../call/exchange.ts'
import { systemClock } from '../base/clock.ts'
import type { OwnRequests } from '../transport/transport.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { restOf } from '../verdict/verdict.ts'
import { mayMoveOn } from '../attempt/next-step.ts'
import { copyHeaders, type ReadonlyHeaders } from '../base/readonly-headers.ts'
import { sendOptionsOf } from '../call/exchange-copies.ts'
import { withoutSlash, type Provider } from '../targets/providers.ts'
import { accountAt, quotaGroupOf, type Grouped } from './quota-group.ts'
import { Cooldowns } from './cooldowns.ts'
import type { Target } from '../reporting/target.ts'

export interface HealthOptions {
  readonly breaker: BreakerSettings | false
  /** `false`: nothing is asked; the breakers' own probes are real calls. */
  readonly checkIntervalMs: number | false
  readonly fetch: OwnRequests
  readonly telemetry: Telemetry
  readonly log: Log
}

/** How a target that fails is asked whether it is back. */
interface Probe {
  readonly url: string
  readonly headers: Headers
  /** How the calls go out, such as by which dispatcher. */
  readonly way: RequestInit
}

/** Longer than most calls take: a probe that is slow is not one that failed. */
const PROBE_TIMEOUT_MS = 120_000
const MOST_TARGETS = 1_000
const ASK_AGAIN_MS = 1_000
const WITH_ALTERNATIVE = consecutive(3)
const WITHOUT_ALTERNATIVE = timeWindow({ durationMs: 30_000, failureRatio: 0.5, minimumCalls: 20 })
/** A chain must have a target; ours come with each call. */
const NOBODY = { name: 'nobody', baseURL: '' } as Target

/**
 * The one owner of health: a breaker for each target, what rests, and the checks of what is unavailable. The admission
 * layer tells it how attempts end; the fallback asks it whom to call.
 */
export class Health {
  /** Knows how the targets fare, and in which order they are called. */
  readonly chain: FallbackChain<Target>
  readonly #options: HealthOptions
  readonly #breakers: BreakerRegistry | undefined
  readonly #cooldowns = new Cooldowns()
  readonly #probes = new Map<string, Probe>()
  /** By target, what the last call that might use it could choose from. */
  readonly #choices = new Map<string, readonly Target[]>()
  #lastChoice: readonly Target[] | undefined
  /** Each call asks for the same ones several times; the registry need only see that they are in use. */
  readonly #recent = new WeakMap<Target, { readonly breaker: CircuitBreaker; readonly askedAt: number }>()
  /** Breakers whose events are passed on. */
  readonly #told = new WeakSet<CircuitBreaker>()

  constructor(options: HealthOptions) {
    this.#options = options
    const { breaker, checkIntervalMs } = options
    if (breaker !== false) this.#breakers = createBreakerRegistry((key) => this.#breakerOptions(key, breaker))
    this.chain = new FallbackChain<Target>({
      targets: [NOBODY],
      isAvailable: (target) => target === NOBODY || this.isAvailable(target),
      whenNoneAvailable: 'fail',
      shouldAdvance: mayMoveOn,
      clock: systemClock,
      ...(checkIntervalMs !== false && {
        healthCheck: (target, signal) => this.#check(target, signal),
        healthCheckIntervalMs: checkIntervalMs,
        onRecovered: ({ target }) => this.breakerOf(target)?.halfOpen(),
      }),
    })
    this.chain.start()
  }

  /** Whether its circuit lets a call through. */
  isAvailable(target: Target): boolean {
    const state = this.breakerOf(target)?.state
    return state !== 'open' && state !== 'isolated'
  }

  breakerOf(target: Target): CircuitBreaker | undefined {
    if (!this.#breakers) return undefined
    const now = systemClock.now()
    const recent = this.#recent.get(target)
    if (recent && now - recent.askedAt < ASK_AGAIN_MS) return recent.breaker
    const breaker = this.#breakers.get(keyOf(target))
    if (!this.#told.has(breaker)) this.#tellOf(breaker, target.name)
    this.#recent.set(target, { breaker, askedAt: now })
    return breaker
  }

  /** How long the last answers of a target took. */
  latenciesOf({ name }: Target): Latencies {
    return this.chain.health.get(name)
  }

  /** A call has a choice between these: a circuit may then open early, while another one can take over. */
  noteAlternatives(targets: readonly Target[]): void {
    if (targets.length < 2 || targets === this.#lastChoice) return
    this.#lastChoice = targets
    for (const target of targets) {
      const key = keyOf(target)
      if (this.#choices.size < MOST_TARGETS || this.#choices.has(key)) this.#choices.set(key, targets)
    }
  }

  /** Notes what a failed attempt says about what it used. */
  noteFailure(exchange: LegExchange, failure: Failure): void {
    const { target, provider } = exchange.leg
    const rest = restOf(failure)
    if (rest) {
      const keys = restKeys(target, provider, exchange)
      this.#cooldowns.rest(keys[rest.what], rest.ms, systemClock.now())
    }
    const key = keyOf(target)
    if (this.#probes.size >= MOST_TARGETS || this.isAvailable(target)) return
    this.#probes.set(key, {
      url: probeURL(exchange),
      headers: probeHeaders(exchange.headers),
      way: sendOptionsOf(exchange.init),
    })
  }

  /** How many rests were noted so far. */
  get restsNoted(): number {
    return this.#cooldowns.noted
  }

  /**
   * Why a target is better left alone now, apart from its circuit; undefined when it is not.
   * @param since counts only rests noted after so many others
   */
  restingReason(target: Target, provider: Provider, request: Grouped, since = 0): string | undefined {
    if (this.#cooldowns.empty) return undefined
    const now = systemClock.now()
    const keys = restKeys(target, provider, request)
    const what = REASONS.find(([name]) => this.#cooldowns.until(keys[name], now, since) > 0)
    return what?.[1]
  }

  /** By the names of the targets, as far as they were called. */
  stats(): Record<string, TargetStats> {
    const stats: Record<string, TargetStats> = {}
    for (const [key, breaker] of this.#breakers?.entries() ?? []) {
      const name = key.slice(0, key.indexOf('\n'))
      // Of a name that stands for several addresses, the one that fares worst is told.
      if ((stats[name]?.retryAfterMs ?? -1) >= breaker.retryAfterMs) continue
      stats[name] = { ...this.#boardOf(name), state: breaker.state, ...availability(breaker) }
    }
    for (const [name] of this.chain.health.entries()) {
      if (name === NOBODY.name) continue
      stats[name] ??= { ...this.#boardOf(name), state: 'closed', available: true, retryAfterMs: 0 }
    }
    return stats
  }

  close(): void {
    this.chain.close()
  }

  #tellOf(breaker: CircuitBreaker, target: string): void {
    this.#told.add(breaker)
    for (const event of ['open', 'half-open', 'close'] as const) {
      breaker.on(event, ({ state, retryAfterMs }) => {
        this.#options.telemetry.emit('breaker', { target, state, retryAfterMs })
        this.#options.log(state === 'open' ? 'warn' : 'info', () => `${target}: its circuit is ${state}`)
      })
    }
  }

  #boardOf(name: string): Omit<TargetStats, 'state' | 'available' | 'retryAfterMs'> {
    const { successRatio, latencyMs, lastError, lastCheckAt } = this.chain.health.get(name)
    const lastFailure =
      lastError instanceof Error ? lastError.message : typeof lastError === 'string' ? lastError : undefined
    return { successRatio, latencyMs, lastFailure, lastCheckAt }
  }

  #breakerOptions(key: string, settings: BreakerSettings): BreakerOptions {
    const early = onlyIf(WITH_ALTERNATIVE, () => this.#hasAlternative(key))
    return {
      trip: [early, WITHOUT_ALTERNATIVE],
      probeTimeoutMs: PROBE_TIMEOUT_MS,
      ...settings,
      clock: systemClock,
    }
  }

  /**
   * Else the last one standing would be shut out by three failures in a row: an outage of our own making. One that is being
   * probed takes a call at a time, and cannot take over.
   */
  #hasAlternative(key: string): boolean {
    const choice = this.#choices.get(key) ?? []
    return choice.some((target) => keyOf(target) !== key && this.#isClosed(target))
  }

  #isClosed(target: Target): boolean {
    return (this.breakerOf(target)?.state ?? 'closed') === 'closed'
  }

  /** Asks for the list of models: it costs nothing, and any answer but a failure shows that somebody is there. */
  async #check(target: Target, signal: AbortSignal): Promise<void> {
    const probe = this.#probes.get(keyOf(target))
    if (!probe) throw new Error('It is not known how to ask.')
    const { status, body } = await this.#options.fetch(probe.url, {
      ...probe.way,
      headers: probe.headers,
      signal,
    })
    await body?.cancel()
    const [address] = probe.url.split('?') // a query may hold a key
    if (status >= 500 || status === 429) throw new Error(`GET ${address} answered ${status}.`)
    this.#probes.delete(keyOf(target))
  }
}

/** A rule that counts always, and opens only while it may. */
function onlyIf(rule: TripRule, mayOpen: () => boolean): TripRule {
  return {
    timing: rule.timing,
    start: (saved) => {
      const tally = rule.start(saved)
      return {
        record: (failed, durationMs, now) => tally.record(failed, durationMs, now) && mayOpen(),
        counts: (now) => tally.counts(now),
        save: () => tally.save(),
      }
    },
  }
}

function availability({
  state,
  retryAfterMs,
}: CircuitBreaker): Pick<TargetStats, 'available' | 'retryAfterMs'> {
  return { available: state === 'closed' || state === 'half-open', retryAfterMs }
}

/** The same name at another address is another target: copies of a client may differ in their base URL. */
function keyOf({ name, baseURL }: Target): string {
  return `${name}\n${baseURL}`
}

const REASONS = [
  ['credential', 'its credential was refused or is used up'],
  ['quota-group', 'its rate limit was reached'],
  ['target-and-model', 'it does not have the model'],
] as const

function restKeys(
  target: Target,
  provider: Provider,
  request: Grouped,
): Record<(typeof REASONS)[number][0], string> {
  const credential = `${provider.name}\n${accountAt(provider, request)}`
  return {
    credential: `credential\n${credential}`,
    'quota-group': `group\n${quotaGroupOf(target, provider, request)}`,
    // What one account may not use, another may.
    'target-and-model': `model\n${keyOf(target)}\n${credential}`,
  }
}

/** Where a request to the client's own provider has a query, such as a version or a key, the check needs it as well. */
function probeURL({ url, operation, leg: { target, provider } }: LegExchange): string {
  const models = operation.endpoint.probeURL(withoutSlash(target.baseURL), provider)
  return provider.native ? models + new URL(url).search : models
}

function probeHeaders(given: ReadonlyHeaders): Headers {
  const headers = copyHeaders(given)
  for (const name of ['content-type', 'content-length', 'idempotency-key']) headers.delete(name)
  headers.set('accept', 'application/json')
  return headers
}
