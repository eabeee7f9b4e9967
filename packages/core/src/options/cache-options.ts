import { createCache, type CacheOptions } from '@harbor/cache'
import { OptionError } from '../base/errors.ts'
import * as is from '../base/check.ts'
import { inSection } from '../base/in-section.ts'

/**
 * Options of the cache: which answers are cached, for how long, and which callers share them, together with the options of the store
 * itself (see `createCache()` in `@harbor/cache`). A client and its copies share one store; the other options may differ from copy to
 * copy.
 */
export interface CacheLayerOptions extends CacheStoreOptions {
  /** How long an answer is fresh, in milliseconds. @default 3_600_000 (1 hour) */
  ttlMs?: number | undefined
  /** How long after `ttlMs` an answer is still returned while it is refreshed in the background, in milliseconds. @default 0 */
  staleWhileRevalidateMs?: number | undefined
  /** How long after `ttlMs` an answer is still returned when no target answers, in milliseconds. The receipt says `stale`. @default 86_400_000 (1 day) */
  staleIfErrorMs?: number | undefined
  /**
   * A name for the callers that share answers, such as the name of a tenant. Beware: with one constant name, all callers share answers.
   * @default the credential and all other headers that may identify a caller
   */
  scope?: string | undefined
  /**
   * Which requests use the cache. `'safe'`: embeddings; chat and completions with temperature 0 or a seed, and one choice; Responses that
   * the provider does not store, and that do not continue a stored one. `'always'`: all requests except those that continue something
   * stored at the provider. A function decides for each request.
   * @default 'safe'
   */
  when?: 'safe' | 'always' | ((request: Readonly<Record<string, unknown>>) => boolean) | undefined
  /** Whether the answer of a fallback target is cached as the answer of the requested model. @default false */
  keepFallbackAnswers?: boolean | undefined
  /** Whether answers cut off by their token limit are cached. @default false */
  keepLength?: boolean | undefined
  /** The maximum size of a cached answer, in bytes. Larger answers are returned and not cached. @default 4_194_304 (4 MiB) */
  maxRecordBytes?: number | undefined
  /**
   * Top-level parameters of a request that do not change its answer. They are not part of the cache key. @default ['user', 'metadata',
   * 'safety_identifier']
   */
  ignore?: readonly string[] | undefined
  /**
   * Headers that neither identify a caller nor change an answer, in addition to the usual ones (accept, user-agent, traceparent and
   * others). Every other header separates answers, so a header with a new value in each request must be named here. A name that ends with
   * `*` matches every header that begins with it. Beware: tenants that differ only in a header named here get each other's answers.
   * @default none
   */
  ignoreHeaders?: readonly string[] | undefined
}

/** The options of the cache's store, which a client and its copies share. */
export type CacheStoreOptions = Pick<
  CacheOptions<never>,
  | 'maxEntries'
  | 'maxBytes'
  | 'ttlJitter'
  | 'refreshBackoffMs'
  | 'refreshTimeoutMs'
  | 'namespace'
  | 'farTier'
  | 'farReadTimeoutMs'
  | 'farWriteTimeoutMs'
  | 'farCooldownMs'
  | 'onError'
>

/** The options that `@harbor/cache` checks, too. */
type Life = 'ttlMs' | 'staleWhileRevalidateMs' | 'staleIfErrorMs'

/** The settled cache options of one client. */
export interface CacheRules {
  readonly ttlMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  readonly scope: string | undefined
  readonly when: NonNullable<CacheLayerOptions['when']>
  readonly keepFallbackAnswers: boolean
  readonly keepLength: boolean
  readonly maxRecordBytes: number
  readonly ignore: readonly string[] | undefined
  readonly ignoreHeaders: readonly string[]
  /** Whether a header is among `ignoreHeaders`. The name is in lower case. */
  readonly ignoresHeader: (name: string) => boolean
}

const RULES = {
  scope: is.aName,
  when: {
    accepts: (value) => value === 'safe' || value === 'always' || typeof value === 'function',
    expected: `'safe', 'always' or a function of the request`,
  },
  keepFallbackAnswers: is.aBoolean,
  keepLength: is.aBoolean,
  maxRecordBytes: is.aCount,
  ignore: is.aListOfStrings,
  ignoreHeaders: {
    accepts: (value) =>
      Array.isArray(value) &&
      value.every((name) => typeof name === 'string' && /^[!#$%&'*+.^_`|~\w-]+$/.test(name)),
    expected: 'a list of header names',
  },
} as const satisfies Record<Exclude<keyof CacheRules, Life | 'ignoresHeader'>, is.Check>

/** Checks the `cache` section. @throws OptionError for an unknown or invalid option */
export function checkCache(cache: boolean | CacheLayerOptions | undefined): void {
  if (typeof cache !== 'object') return
  const { rules, others } = split(cache)
  is.checkOptions(rules, RULES, 'cache.')
  try {
    // `@harbor/cache` checks its own options. The cache is only made for that, and is not used.
    createCache(others)
  } catch (error) {
    throw inSection('cache', error)
  }
}

/** The settled cache options. @returns undefined when caching is off */
export function cacheRulesOf(cache: boolean | CacheLayerOptions | undefined): CacheRules | undefined {
  return cache ? cacheRules(cache === true ? {} : cache) : undefined
}

export function cacheRules(given: CacheLayerOptions): CacheRules {
  return {
    ttlMs: given.ttlMs ?? 3_600_000,
    staleWhileRevalidateMs: given.staleWhileRevalidateMs ?? 0,
    staleIfErrorMs: given.staleIfErrorMs ?? 86_400_000,
    scope: given.scope,
    when: given.when ?? 'safe',
    keepFallbackAnswers: given.keepFallbackAnswers ?? false,
    keepLength: given.keepLength ?? false,
    maxRecordBytes: given.maxRecordBytes ?? 4_194_304,
    ignore: given.ignore,
    ignoreHeaders: given.ignoreHeaders ?? [],
    ignoresHeader: headerMatcher(given.ignoreHeaders ?? []),
  }
}

function headerMatcher(names: readonly string[]): (name: string) => boolean {
  const lower = names.map((name) => name.toLowerCase())
  const whole = new Set(lower.filter((name) => !name.endsWith('*')))
  const beginnings = lower.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  return (name) => whole.has(name) || beginnings.some((beginning) => name.startsWith(beginning))
}

/** The options of the `cache` section that are passed to `createCache()`. */
export function storeOptions(cache: boolean | CacheLayerOptions | undefined): CacheStoreOptions {
  if (typeof cache !== 'object') return {}
  const {
    ttlMs: _ttl,
    staleWhileRevalidateMs: _revalidate,
    staleIfErrorMs: _error,
    ...store
  } = split(cache).others
  return store
}

/**
 * Refuses the options of the store where a client exists already, since its copies share one store.
 * @throws OptionError for an option of the store
 */
export function refuseStoreOptions({ cache }: { cache?: boolean | CacheLayerOptions | undefined }): void {
  const [shared] = Object.keys(storeOptions(cache))
  if (shared === undefined) return
  throw new OptionError(
    `cache.${shared}`,
    `cache.${shared} belongs to the store that a client and its copies share, and cannot change. Make a new Harbor.`,
  )
}

function split(cache: CacheLayerOptions): {
  rules: Partial<CacheRules>
  others: CacheStoreOptions & Pick<CacheLayerOptions, Life>
} {
  const entries = Object.entries(cache)
  return {
    rules: Object.fromEntries(entries.filter(([name]) => Object.hasOwn(RULES, name))),
    others: Object.fromEntries(entries.filter(([name]) => !Object.hasOwn(RULES, name))),
  }
}
