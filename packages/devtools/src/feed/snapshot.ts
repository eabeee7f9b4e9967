import type { DevtoolsClient } from '../client.ts'
import type { CacheFigures, ClientStats, CostFigures, SpendFigures, TargetFigures } from '../client-stats.ts'
import type { CircuitChange, Circuits } from './circuits.ts'
import type { UsageHistory } from './usage-history.ts'

/** The maximum number of targets, and of quota groups, that the page shows of each client. */
const MAX_SHOWN = 100

/** The state of one client, as the page gets it. Copied field by field, so that nothing else of the statistics leaves the process. */
export interface ClientSnapshot {
  readonly calls: number
  readonly attempts: number
  readonly availability: number
  readonly firstTokenMs: { readonly p50: number; readonly p95: number } | undefined
  readonly cost: CostFigures
  readonly cache: CacheFigures
  readonly targets: readonly TargetSnapshot[]
  readonly limits: readonly LimitSnapshot[]
  /** The spend limits, those with the largest used share first. */
  readonly spend: readonly SpendSnapshot[]
  readonly closed: boolean
}

export interface TargetSnapshot extends TargetFigures {
  readonly name: string
  readonly changes: readonly CircuitChange[]
}

/** How much of a spend limit is used, in US dollars. */
export interface SpendSnapshot {
  /** Such as `money, a day`, or `tenant acme, a day`. */
  readonly name: string
  readonly limitUsd: number
  /** With what is reserved for calls in flight. */
  readonly usedUsd: number
}

/** One limit of a quota group: how much of it is used. */
export interface LimitSnapshot {
  readonly group: string
  /** Such as `requests` or `tokens`; `concurrency` for the number of requests in flight. */
  readonly kind: string
  readonly limit: number
  /** What was used within the window, or the number of requests in flight. */
  readonly used: number
  /** The window of a rate limit, in milliseconds; undefined for `concurrency`. */
  readonly windowMs: number | undefined
  /** The number of calls that wait for the limits of the group. */
  readonly waiting: number
  /** The remaining time of a pause after a 429, in milliseconds. */
  readonly pausedForMs: number
}

/** What is remembered of a client beside its statistics. */
export interface History {
  /** The place of the client in the list. */
  readonly client: number
  readonly circuits: Circuits
  readonly usage: UsageHistory
}

/** Copies what the page shows of the statistics of a client. The latest errors of targets are left out: providers write their texts. */
export function snapshotOf(from: DevtoolsClient, history: History, now: number): ClientSnapshot {
  const stats = from.stats()
  const { calls, attempts, availability, firstTokenMs, closed } = stats
  return {
    calls,
    attempts,
    availability,
    firstTokenMs: firstTokenMs && { p50: firstTokenMs.p50, p95: firstTokenMs.p95 },
    cost: costOf(stats.cost),
    cache: cacheOf(stats.cache),
    targets: Object.entries(stats.targets)
      .slice(0, MAX_SHOWN)
      .map(([name, { state, available, retryAfterMs, successRatio, latencyMs }]) => {
        const changes = history.circuits.of(history.client, name)
        return { name, state, available, retryAfterMs, successRatio, latencyMs, changes }
      }),
    limits: limitsOf(stats.limits, history, now),
    spend: spendOf(from.spend?.() ?? []),
    closed,
  }
}

function spendOf(pots: readonly SpendFigures[]): SpendSnapshot[] {
  return pots
    .map(({ limit, value, usedUsd, reservedUsd }) => {
      const period = limit.per === 'total' ? 'in total' : `a ${limit.per}`
      const whose =
        limit.by === undefined ? 'money' : `${limit.by} ${value === undefined || value === '' ? '–' : value}`
      return { name: `${whose}, ${period}`, limitUsd: limit.usd, usedUsd: usedUsd + reservedUsd }
    })
    .sort((one, other) => other.usedUsd / other.limitUsd - one.usedUsd / one.limitUsd)
    .slice(0, MAX_SHOWN)
}

function costOf(cost: CostFigures): CostFigures {
  const { spentUsd, possiblyBilledUsd, savedByFallbackUsd, savedByCacheUsd, savedByBatchUsd, unpricedCalls } =
    cost
  return { spentUsd, possiblyBilledUsd, savedByFallbackUsd, savedByCacheUsd, savedByBatchUsd, unpricedCalls }
}

function cacheOf({
  hits,
  stale,
  misses,
  shared,
  bypassed,
  ratio,
  entries,
  bytes,
}: CacheFigures): CacheFigures {
  return { hits, stale, misses, shared, bypassed, ratio, entries, bytes }
}

function limitsOf(groups: ClientStats['limits'], { client, usage }: History, now: number): LimitSnapshot[] {
  return Object.entries(groups)
    .slice(0, MAX_SHOWN)
    .flatMap(([group, { rate, concurrency }]) => {
      const common = { group, waiting: rate.waiting, pausedForMs: rate.pausedForMs }
      const rates = Object.entries(rate.limits).flatMap(([kind, figures]) => {
        if (!figures) return []
        const { limit, windowMs, taken } = figures
        const used = usage.use(`${client} ${group} ${kind}`, taken, windowMs, now)
        return [{ ...common, kind, limit, windowMs, used }]
      })
      if (!concurrency) return rates
      const { limit, inFlight, waiting } = concurrency
      const slots = {
        kind: 'concurrency',
        limit,
        used: inFlight,
        windowMs: undefined,
        waiting,
        pausedForMs: 0,
      }
      return [...rates, { group, ...slots }]
    })
}
