import type { LimitStats, RateLimiterStats } from '@harbor/batch'
import { amount, mib, percent, seconds } from './figures.ts'
import { askedOf, hitRatio, mean, waitingFor } from './measures.ts'
import { beyond, FEWEST_REQUESTS, WAITING, type Finding, type Was } from './rule.ts'
import type { Window } from './window.ts'

export function limitsSaturated(window: Window, was: Was): readonly Finding[] {
  const code = 'limits-saturated'
  const { limits } = window.last.client
  return Object.entries(limits).flatMap(([group, { rate, concurrency }]): Finding[] => {
    const waiting = window.each(({ limits: then }) => waitingFor(then[group]))
    const waitingRatio = mean(waiting.map((calls) => (calls > 0 ? 1 : 0)))
    if (!beyond(waitingRatio, WAITING, was(code, group))) return []
    const full = concurrency !== undefined && concurrency.waiting > 0
    const what = full ? `\`limits.maxConcurrency\`, ${concurrency.limit}` : tightest(rate)
    return [
      {
        code,
        severity: 'note',
        subject: group,
        message:
          `Calls of ${group} wait for its limits: ${amount(mean(waiting))} on average. The tightest: ${what}. If the provider allows ` +
          'more, raise it in `limits`; if not, name another target in `fallback`, or ask less by `cache`.',
        facts: { meanWaiting: mean(waiting), mostWaiting: Math.max(...waiting) },
      },
    ]
  })
}

/** The limit of which least can start now, by how long it takes to be given as much. */
function tightest({ limits, pausedForMs }: RateLimiterStats): string {
  if (pausedForMs > 0) return `a pause of ${seconds(pausedForMs)} that the provider asked for`
  const left = ([, { available, limit, windowMs }]: [string, LimitStats]): number =>
    (available * windowMs) / limit
  const [first] = Object.entries(limits).toSorted((one, other) => left(one) - left(other))
  if (!first) return 'the first answers, which will tell what is allowed'
  const [kind, { limit, windowMs }] = first
  return `${limit} ${kind} in ${seconds(windowMs)}`
}

/** The part of attempts that a provider refuses as too many. */
const RATE_LIMITED = { given: 0.05, over: 0.02 }

export function rateLimitedUpstream(window: Window, was: Was): readonly Finding[] {
  const code = 'rate-limited-upstream'
  const attempts = window.rise((client) => client.attempts)
  const refused = window.rise((client) => client.failures['rate-limit'])
  if (attempts < FEWEST_REQUESTS || !beyond(refused / attempts, RATE_LIMITED, was(code))) return []
  const perMinute = Math.max(1, Math.floor(((attempts - refused) * 60_000) / window.ms))
  const what =
    Object.keys(window.last.client.limits).length === 0
      ? 'Give `limits: {}`, which learns what is allowed and lets calls wait here instead'
      : `Set \`limits.requestsPerMinute\` to ${perMinute}, which is what was let through`
  return [
    {
      code,
      severity: 'warning',
      message:
        `Providers refused ${refused} of ${attempts} requests with 429 in ${seconds(window.ms)}; more than ${percent(RATE_LIMITED.given)} ` +
        `is time lost to retries. ${what}, and name another target in \`fallback\`.`,
      facts: { attempts, refused, requestsPerMinute: perMinute },
    },
  ]
}

/** Of fewer questions nothing is said. */
const FEWEST_ASKED = 100
const FEWEST_EVICTIONS = 10

export function cacheTooSmall(window: Window, was: Was): readonly Finding[] {
  const code = 'cache-too-small'
  const { entries, bytes } = window.last.client.cache
  const evictions = window.rise(({ cache }) => cache.evictions)
  const kept = window.rise(({ cache }) => cache.kept)
  const isOver = beyond(evictions / kept, { given: 0.1, over: 0.05 }, was(code))
  if (evictions < FEWEST_EVICTIONS || !isOver || hitRatio(window) < EFFECTIVE) return []
  // As long as it is the entries that are too many, there are always as many.
  const isCount = new Set(window.each(({ cache }) => cache.entries).slice(-3)).size === 1
  const what = isCount
    ? `Raise \`cache.maxEntries\` from ${entries} to ${2 * entries}`
    : `Raise \`cache.maxBytes\` to ${2 * bytes}`
  return [
    {
      code,
      severity: 'note',
      message:
        `${evictions} answers had to make room before their time in ${seconds(window.ms)}, while ${kept} were kept: what is in the cache ` +
        `(${entries} answers, ${mib(bytes)}) is less than what is asked again. ${what}, or give a \`cache.farTier\`.`,
      facts: {
        evictions,
        kept,
        entries,
        bytes,
        ...(isCount ? { maxEntries: 2 * entries } : { maxBytes: 2 * bytes }),
      },
    },
  ]
}

/** A cache that answers less than this is hardly worth its memory. */
const EFFECTIVE = 0.05

export function cacheIneffective(window: Window): readonly Finding[] {
  const asked = askedOf(window)
  const bypassed = window.rise(({ cache }) => cache.bypassed)
  const ratio = hitRatio(window)
  const noneMayBe = bypassed >= FEWEST_ASKED && bypassed > 9 * asked
  if (!noneMayBe && (asked < FEWEST_ASKED || ratio >= EFFECTIVE)) return []
  const what = noneMayBe
    ? `${bypassed} of ${asked + bypassed} calls had nothing to do with the cache in ${seconds(window.ms)}. If they may be repeated, ask ` +
      "with temperature 0 or a seed, or set `cache.when: 'always'`; if not, leave `cache` out."
    : `The cache answered ${percent(ratio)} of ${asked} calls in ${seconds(window.ms)}, where ${percent(EFFECTIVE)} is little. If callers ask ` +
      'the same, name what they share in `cache.scope`, and what makes no other question in `cache.ignore`; if not, leave `cache` out.'
  return [{ code: 'cache-ineffective', severity: 'note', message: what, facts: { asked, bypassed, ratio } }]
}

/** Below this Harbor's own prefetcher stops by itself, by default. */
const PREFETCH_USEFUL = 0.3

export function prefetchWasteful(window: Window, was: Was): readonly Finding[] {
  const code = 'prefetch-wasteful'
  const loaded = window.rise(({ cache }) => cache.prefetch.loaded)
  const useful = window.rise(({ cache }) => cache.prefetch.useful)
  const least = was(code) ? PREFETCH_USEFUL + 0.1 : PREFETCH_USEFUL
  if (loaded < FEWEST_REQUESTS || useful / loaded >= least) return []
  const what =
    window.last.client.prefetch === undefined
      ? 'Ask less ahead by `harbor.prefetch()`'
      : 'Raise `prefetch.minConfidence` or `prefetch.minPrecision`, or lower `prefetch.maxPerMinute`'
  return [
    {
      code,
      severity: 'note',
      message:
        `Of ${loaded} answers asked ahead in ${seconds(window.ms)} ${useful} were of use, where at least ${percent(PREFETCH_USEFUL)} are ` +
        `expected; all of them are paid for. ${what}.`,
      facts: { loaded, useful },
    },
  ]
}
