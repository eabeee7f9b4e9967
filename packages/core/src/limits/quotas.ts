import type { QuotaStats } from '../reporting/quota-stats.ts'
import type { Exchange, LegExchange } from '../call/exchange.ts'
import { planOf } from '../routing/plan-of.ts'
import type { KeyRings } from '../routing/key-rings.ts'
import { quotaGroupOf, type Grouped } from '../routing/state-keys.ts'
import type { KeyState } from '../targets/key-state.ts'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'
import type { FleetMember } from '../options/fleet.ts'
import type { LimitOptions } from '../options/limit-options.ts'
import { Quota } from './quota.ts'

const MAX_GROUPS = 1_000

/**
 * All quotas, one for each quota group. A quota group is one model of one provider, with one API key. Providers with the same option
 * `quotaGroup` are one group.
 */
export class Quotas {
  /** The quotas of each `limits` object of the options. If the options change, there is a new object, and therefore new quotas. */
  readonly #groups = new WeakMap<LimitOptions, Map<string, Quota>>()
  /** The quotas that `stats()` reports, by the name of the quota group and, if the provider has several keys, the key. */
  readonly #shown = new Map<string, ShownQuota>()
  readonly #onError: (error: unknown) => void
  readonly #rings: KeyRings
  readonly #limiterFor: FleetMember['limiterFor']

  /**
   * @param onError called with the error if learning from the usage in an answer fails
   * @param limiterFor makes the rate limiter of a quota group whose limits other processes share
   */
  constructor(rings: KeyRings, onError: (error: unknown) => void, limiterFor?: FleetMember['limiterFor']) {
    this.#rings = rings
    this.#onError = onError
    this.#limiterFor = limiterFor
  }

  /** Returns the quota of an attempt's target; undefined if the target has no limits. */
  of(exchange: LegExchange): Quota | undefined {
    const { leg, json, operation, policy } = exchange
    if (!json || !operation.checksAnswers) return undefined
    return this.#quotaOf(leg.target, leg.provider, exchange, policy.limits, leg.key)
  }

  /** Returns how long a call would wait for the limits of this target, in milliseconds; 0 if the target has no limits. */
  waitMs(target: Target, exchange: Exchange): number {
    const { json, operation, policy } = exchange
    if (!json || !operation.checksAnswers) return 0
    const provider = policy.routes.providerOf(target)
    const keys = this.#rings.usable(provider, exchange)
    if (keys) return Math.min(...keys.map((key) => this.keyWaitMs(target, provider, exchange, key)))
    return this.#quotaOf(target, provider, exchange, policy.limits)?.waitMs(target, exchange) ?? 0
  }

  /**
   * Returns how long a call would wait for the limits of one key of the target's provider, in milliseconds; 0 if there are no limits.
   * @param held the quota in which the call has already reserved its part, so that it would not wait
   */
  keyWaitMs(target: Target, provider: Provider, exchange: Exchange, key: KeyState, held?: object): number {
    const { json, operation, policy } = exchange
    if (!json || !operation.checksAnswers) return 0
    const quota = this.#quotaOf(target, provider, exchange, policy.limits, key)
    return quota === undefined || quota === held ? 0 : quota.waitMs(target, exchange)
  }

  /** Returns the shortest wait at any target of the call, in milliseconds; 0 if one of the targets has no limits. */
  shortestWaitMs(exchange: Exchange): number {
    return Math.min(...planOf(exchange).outage.map((target) => this.waitMs(target, exchange)))
  }

  stats(): Record<string, QuotaStats> {
    const named = [...this.#shown.values()].flatMap((shown) => {
      const name = shownName(shown)
      return name === undefined ? [] : [[name, shown.quota.stats()] as const]
    })
    return Object.fromEntries(named)
  }

  #quotaOf(
    target: Target,
    provider: Provider,
    request: Grouped,
    common: LimitOptions | undefined,
    key?: KeyState,
  ): Quota | undefined {
    const limits = provider.limits === false ? undefined : (provider.limits ?? common)
    if (!limits) return undefined
    let groups = this.#groups.get(limits)
    if (!groups) this.#groups.set(limits, (groups = new Map<string, Quota>()))
    const group = quotaGroupOf(target, provider, request, key?.quotaGroup)
    const known = groups.get(group)
    if (known) return known
    if (groups.size >= MAX_GROUPS) groups.clear()
    const limiterFor = this.#limiterFor
    const quota = new Quota(limits, this.#onError, limiterFor && ((rates) => limiterFor(group, rates)))
    groups.set(group, quota)
    const name = provider.quotaGroup ?? target.quotaGroup
    const keys = this.#rings.ringOf(provider, request)?.keys ?? []
    const own = provider.quotaGroup === undefined ? key : undefined
    const shown = own ? `${name}\n${own.quotaGroup}` : name
    this.#show(shown, { name, quota, keys, group: own?.quotaGroup })
    return quota
  }

  /** Adds a quota to `stats()`. After a change of the options, the new quota replaces the old one with the same name. */
  #show(name: string, shown: ShownQuota): void {
    if (this.#shown.size >= MAX_GROUPS) this.#shown.clear()
    this.#shown.set(name, shown)
  }
}

/** A quota that `stats()` reports. If the provider has several keys, also all its keys, and the quota group of those that use the quota. */
interface ShownQuota {
  readonly name: string
  readonly quota: Quota
  readonly keys: readonly KeyState[]
  readonly group: string | undefined
}

/**
 * Returns the name of a quota in `stats()`. If the provider has several keys, the name ends with the indexes of the keys that share the
 * quota, such as `#0+2`. Undefined if no key uses this quota any longer, because answers have shown the organizations of the keys.
 */
function shownName({ name, keys, group }: ShownQuota): string | undefined {
  if (group === undefined) return name
  const users = keys.filter(({ quotaGroup }) => quotaGroup === group)
  return users.length === 0 ? undefined : `${name}#${users.map(({ index }) => index).join('+')}`
}
