import type { QuotaStats } from '../reporting/quota-stats.ts'
import type { Exchange, LegExchange } from '../call/exchange.ts'
import { planOf } from '../routing/plan-of.ts'
import { quotaGroupOf, type Grouped } from '../routing/quota-group.ts'
import type { Provider } from '../targets/providers.ts'
import type { Target } from '../reporting/target.ts'
import type { LimitOptions } from '../options/limit-options.ts'
import { Quota } from './quota.ts'

const MOST_GROUPS = 1_000

/** What is limited, by quota group: the models of one provider, one key, or whatever was given a common name. */
export class Quotas {
  /** By the options they were made of, so that changed options make new ones. */
  readonly #groups = new WeakMap<LimitOptions, Map<string, Quota>>()
  /** Those in use, by the name under which they are shown. */
  readonly #shown = new Map<string, Quota>()
  readonly #onError: (error: unknown) => void

  /** @param onError called with what goes wrong when something is learned from an answer */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** The quota that an attempt needs a part of; undefined where nothing is limited. */
  of(exchange: LegExchange): Quota | undefined {
    const { leg, json, operation, policy } = exchange
    if (!json || !operation.judged) return undefined
    return this.#quotaOf(leg.target, leg.provider, exchange, policy.limits)
  }

  /** How long a call would wait at this target, in milliseconds; 0 where nothing is limited. */
  waitMs(target: Target, exchange: Exchange): number {
    const { json, operation, policy } = exchange
    if (!json || !operation.judged) return 0
    const provider = policy.routes.providerOf(target)
    return this.#quotaOf(target, provider, exchange, policy.limits)?.waitMs(target, exchange) ?? 0
  }

  /** How long a call would wait at least, whichever of its targets serves it, in milliseconds; 0 where one is not limited. */
  shortestWaitMs(exchange: Exchange): number {
    return Math.min(...planOf(exchange).outage.map((target) => this.waitMs(target, exchange)))
  }

  stats(): Record<string, QuotaStats> {
    return Object.fromEntries([...this.#shown].map(([name, quota]) => [name, quota.stats()]))
  }

  #quotaOf(
    target: Target,
    provider: Provider,
    request: Grouped,
    common: LimitOptions | undefined,
  ): Quota | undefined {
    const limits = provider.limits === false ? undefined : (provider.limits ?? common)
    if (!limits) return undefined
    let groups = this.#groups.get(limits)
    if (!groups) this.#groups.set(limits, (groups = new Map<string, Quota>()))
    const group = quotaGroupOf(target, provider, request)
    const known = groups.get(group)
    if (known) return known
    if (groups.size >= MOST_GROUPS) groups.clear()
    const quota = new Quota(limits, this.#onError)
    groups.set(group, quota)
    this.#show(provider.quotaGroup ?? target.quotaGroup, quota)
    return quota
  }

  /** The latest of a name: one of changed options takes the place of the former. */
  #show(name: string, quota: Quota): void {
    if (this.#shown.size >= MOST_GROUPS) this.#shown.clear()
    this.#shown.set(name, quota)
  }
}
