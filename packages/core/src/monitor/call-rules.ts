import type { LimitStats, RateLimiterStats } from '@harbor/batch'
import { cacheableCalls, hitRatio, mean, waitingFor } from './measures.ts'
import {
  amount,
  exceeds,
  MIN_REQUESTS,
  type Finding,
  mib,
  percent,
  seconds,
  WAITING,
  type IsActive,
} from './rule.ts'
import type { Window } from './window.ts'

export function limitsSaturated(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'limits-saturated'
  const { limits } = window.last.client
  return Object.entries(limits).flatMap(([group, { rate, concurrency }]): Finding[] => {
    const waiting = window.each(({ limits: then }) => waitingFor(then[group]))
    const waitingRatio = mean(waiting.map((calls) => (calls > 0 ? 1 : 0)))
    if (!exceeds(waitingRatio, WAITING, isActive(code, group))) return []
    const full = concurrency !== undefined && concurrency.waiting > 0
    const what = full ? `\`limits.maxConcurrency\`, ${concurrency.limit}` : tightest(rate)
    return [
      {
        code,
        severity: 'note',
        subject: group,
        message:
          `Calls of ${group} wait for its limits: ${amount(mean(waiting))} on average. The tightest: ${what}. If the provider allows ` +
          'more, raise it in `limits`; if not, name another target in `fallback`, or make fewer calls by `cache`.',
        facts: { meanWaiting: mean(waiting), maxWaiting: Math.max(...waiting) },
      },
    ]
  })
}

/**
 * Describes the tightest limit in words. For each limit, there is a time in which the provider refills the amount that is left now. The
 * tightest limit has the shortest such time.
 */
function tightest({ limits, pausedForMs }: RateLimiterStats): string {
  if (pausedForMs > 0) return `a pause of ${seconds(pausedForMs)} that the provider asked for`
  const left = ([, { available, limit, windowMs }]: [string, LimitStats]): number =>
    (available * windowMs) / limit
  const [first] = Object.entries(limits).toSorted((one, other) => left(one) - left(other))
  if (!first) return 'unknown until the first answers, from which the limits are learned'
  const [kind, { limit, windowMs }] = first
  return `${limit} ${kind} in ${seconds(windowMs)}`
}

/**
 * The thresholds for the share of attempts that providers answer with 429. Advice is given above `raise`, and withdrawn at `clear` or less.
 */
const RATE_LIMITED = { raise: 0.05, clear: 0.02 }

export function rateLimitedUpstream(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'rate-limited-upstream'
  const attempts = window.rise((client) => client.attempts)
  const refused = window.rise((client) => client.failures['rate-limit'])
  if (attempts < MIN_REQUESTS || !exceeds(refused / attempts, RATE_LIMITED, isActive(code))) return []
  const perMinute = Math.max(1, Math.floor(((attempts - refused) * 60_000) / window.ms))
  const what =
    Object.keys(window.last.client.limits).length === 0
      ? 'Give `limits: {}`, which learns what is allowed and lets calls wait here instead'
      : `Set \`limits.requestsPerMinute\` to ${perMinute}, which is the rate that was accepted`
  return [
    {
      code,
      severity: 'warning',
      message:
        `Providers refused ${refused} of ${attempts} requests with 429 in ${seconds(window.ms)}; more than ${percent(RATE_LIMITED.raise)} ` +
        `is time lost to retries. ${what}, and name another target in \`fallback\`.`,
      facts: { attempts, refused, requestsPerMinute: perMinute },
    },
  ]
}

/** The minimum number of calls in the window for advice about the cache. */
const MIN_CALLS = 100
const MIN_EVICTIONS = 10

export function cacheTooSmall(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'cache-too-small'
  const { entries, bytes } = window.last.client.cache
  const evictions = window.rise(({ cache }) => cache.evictions)
  const stored = window.rise(({ cache }) => cache.stored)
  const isOver = exceeds(evictions / stored, { raise: 0.1, clear: 0.05 }, isActive(code))
  if (evictions < MIN_EVICTIONS || !isOver || hitRatio(window) < MIN_HIT_RATIO) return []
  // If the number of entries limits the cache, rather than their bytes, this number no longer changes.
  const isCount = new Set(window.each(({ cache }) => cache.entries).slice(-3)).size === 1
  const what = isCount
    ? `Raise \`cache.maxEntries\` from ${entries} to ${2 * entries}`
    : `Raise \`cache.maxBytes\` to ${2 * bytes}`
  return [
    {
      code,
      severity: 'note',
      message:
        `${evictions} answers were evicted before they expired in ${seconds(window.ms)}, while ${stored} were stored: the cache ` +
        `(${entries} answers, ${mib(bytes)}) is too small for the answers that callers request again. ${what}, or give a \`cache.farTier\`.`,
      facts: {
        evictions,
        stored,
        entries,
        bytes,
        ...(isCount ? { maxEntries: 2 * entries } : { maxBytes: 2 * bytes }),
      },
    },
  ]
}

/** The minimum hit ratio at which a cache is worth its memory. */
const MIN_HIT_RATIO = 0.05

export function cacheIneffective(window: Window): readonly Finding[] {
  const cacheable = cacheableCalls(window)
  const bypassed = window.rise(({ cache }) => cache.bypassed)
  const ratio = hitRatio(window)
  const mostlyBypassed = bypassed >= MIN_CALLS && bypassed > 9 * cacheable
  if (!mostlyBypassed && (cacheable < MIN_CALLS || ratio >= MIN_HIT_RATIO)) return []
  const what = mostlyBypassed
    ? `${bypassed} of ${cacheable + bypassed} calls bypassed the cache in ${seconds(window.ms)}. If their answers may be shared, send them ` +
      "with temperature 0 or a seed, or set `cache.when: 'always'`; if not, leave `cache` out."
    : `The cache answered ${percent(ratio)} of ${cacheable} calls in ${seconds(window.ms)}, where ${percent(MIN_HIT_RATIO)} is little. If callers send ` +
      'the same requests, give them one `cache.scope`, and name parameters that do not change the answer in `cache.ignore`; if not, leave `cache` out.'
  return [
    { code: 'cache-ineffective', severity: 'note', message: what, facts: { cacheable, bypassed, ratio } },
  ]
}

/**
 * The minimum share of prefetched answers that should be used. It equals the default of `prefetch.minPrecision`, below which the prefetcher
 * pauses.
 */
const MIN_PREFETCH_PRECISION = 0.3

export function prefetchWasteful(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'prefetch-wasteful'
  const loaded = window.rise(({ cache }) => cache.prefetch.loaded)
  const useful = window.rise(({ cache }) => cache.prefetch.useful)
  const expected = isActive(code) ? MIN_PREFETCH_PRECISION + 0.1 : MIN_PREFETCH_PRECISION
  if (loaded < MIN_REQUESTS || useful / loaded >= expected) return []
  const what =
    window.last.client.prefetch === undefined
      ? 'Prefetch less with `harbor.prefetch()`'
      : 'Raise `prefetch.minConfidence` or `prefetch.minPrecision`, or lower `prefetch.maxPerMinute`'
  return [
    {
      code,
      severity: 'note',
      message:
        `Of ${loaded} answers prefetched in ${seconds(window.ms)}, ${useful} were used, where at least ${percent(MIN_PREFETCH_PRECISION)} are ` +
        `expected; all of them are paid for. ${what}.`,
      facts: { loaded, useful },
    },
  ]
}
