import type { CacheOptions } from '@harbor/cache'
import { checkCacheOptions } from '@harbor/cache/option-checks'
import { OptionError } from '../base/errors.ts'
import * as is from '../base/check.ts'
import { inSection } from '../base/in-section.ts'
import { checkSemantic, type SemanticOptions } from './semantic-options.ts'

/**
 * The options of the cache: which answers are cached, for how long, and which callers share them. They include the options of the store
 * (`CacheStoreOptions`), which a client and its copies share, so the options of the store cannot be changed in a copy.
 */
export interface CacheLayerOptions extends CacheStoreOptions {
  /**
   * Also finds answers to questions that have the same meaning as the latest message of the user, while everything else in the request is equal.
   * `false`: no. Belongs to the store, so it cannot be changed in a copy. @default false
   */
  semantic?: SemanticOptions | false | undefined
  /** How long an answer is fresh, in milliseconds, at most a year. @default 3_600_000 (1 hour) */
  ttlMs?: number | undefined
  /**
   * How long after `ttlMs` a stale answer is still returned at once, while it is refreshed in the background, in milliseconds, at most a year.
   * 0: never. @default 0
   */
  staleWhileRevalidateMs?: number | undefined
  /**
   * How long after `ttlMs` a stale answer is still returned if no target answers, in milliseconds, at most a year. 0: never. The receipt then has the
   * cache status `stale`. @default 86_400_000 (1 day)
   */
  staleIfErrorMs?: number | undefined
  /**
   * A name for a group of callers that share answers, such as the name of a tenant. Beware: if the name is always the same, all callers
   * share answers. @default the credential and all other headers that may identify a caller
   */
  scope?: string | undefined
  /**
   * Names of labels that separate cached answers: calls share an answer only if their values of these labels are equal. A call without such
   * a label shares no answer with a call that has it. See the option `labels`. @default none
   */
  scopeBy?: readonly string[] | undefined
  /**
   * Which requests use the cache. `'safe'`: embeddings and Anthropic's token counts; Anthropic Messages with temperature 0; chat completions,
   * completions and Gemini requests with one choice and with temperature 0 or a seed, unless `store` is true; and Responses with `store: false` that
   * do not continue a stored one. `'always'`: all requests except those that refer to something stored at the provider. A function returns whether a
   * request uses the cache. @default 'safe'
   */
  when?: 'safe' | 'always' | ((request: Readonly<Record<string, unknown>>) => boolean) | undefined
  /**
   * Whether an answer of a fallback target is cached, and later returned for the requested model. If not, the next identical call is sent again.
   * @default false
   */
  keepFallbackAnswers?: boolean | undefined
  /** Whether an answer is cached although it was cut off at its token limit. If not, the next identical call is sent again. @default false */
  keepTruncatedAnswers?: boolean | undefined
  /** The maximum size of an answer in the cache, in bytes, at least 1. A larger answer is returned, but not cached. @default 4_194_304 (4 MiB) */
  maxRecordBytes?: number | undefined
  /**
   * Top-level parameters of a request that do not change its answer, so they are not part of the cache key. Your list replaces the default one.
   * @default ['user', 'metadata', 'safety_identifier']
   */
  ignore?: readonly string[] | undefined
  /**
   * Headers that neither identify a caller nor change an answer. They are ignored in addition to the usual ones (accept, user-agent,
   * traceparent and others). Two requests share an answer only if all other headers are equal, so name each header here whose value is new
   * in each request. A name that ends with `*` matches every header that begins with it. Beware: tenants that differ only in a header named
   * here get each other's answers. @default none
   */
  ignoreHeaders?: readonly string[] | undefined
}

/**
 * The options of the store of the cache, as in `createCache()` of `@harbor/cache`: its size, the far tier and its time limits. A client and its
 * copies share one store.
 */
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

/** The names of the options that `@harbor/cache` also has, and checks. */
type Life = 'ttlMs' | 'staleWhileRevalidateMs' | 'staleIfErrorMs'

/** The cache options of one client with defaults filled in, as `explain()` shows them. */
export interface CacheRules {
  /** How long an answer is fresh after it was stored, in milliseconds. */
  readonly ttlMs: number
  /** How long after `ttlMs` a stale answer is returned at once and refreshed in the background, in milliseconds. 0: never. */
  readonly staleWhileRevalidateMs: number
  /** How long after `ttlMs` a stale answer is returned if no target answers, in milliseconds. 0: never. */
  readonly staleIfErrorMs: number
  /** The name of the group of callers that share answers; undefined if credentials and headers separate the callers. */
  readonly scope: string | undefined
  /** The names of the labels that separate cached answers; empty if none do. */
  readonly scopeBy: readonly string[]
  /** Which requests use the cache: `safe`, `always`, or a function of the request body. */
  readonly when: NonNullable<CacheLayerOptions['when']>
  /** Whether answers of fallback targets are cached. */
  readonly keepFallbackAnswers: boolean
  /** Whether answers that were cut off at their token limit are cached. */
  readonly keepTruncatedAnswers: boolean
  /** The maximum size of a cached answer, in bytes. */
  readonly maxRecordBytes: number
  /** The top-level parameters that are not part of the cache key; undefined for the default list. */
  readonly ignore: readonly string[] | undefined
  /** Your own headers that are ignored, in addition to the usual ones; empty if there are none. */
  readonly ignoreHeaders: readonly string[]
  /** Returns whether `ignoreHeaders` contains a header. The name is in lower case. */
  readonly ignoresHeader: (name: string) => boolean
}

const RULES = {
  scope: is.aName,
  scopeBy: is.aListOfStrings,
  when: {
    accepts: (value) => value === 'safe' || value === 'always' || typeof value === 'function',
    expected: `'safe', 'always' or a function of the request`,
  },
  keepFallbackAnswers: is.aBoolean,
  keepTruncatedAnswers: is.aBoolean,
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
  const { rules, semantic, others } = split(cache)
  checkSemantic(semantic)
  is.checkOptions(rules, RULES, 'cache.')
  inSection('cache', () => checkCacheOptions<never>(others))
}

/** Returns the cache options with defaults filled in. @returns undefined when caching is off */
export function cacheRulesOf(cache: boolean | CacheLayerOptions | undefined): CacheRules | undefined {
  return cache ? cacheRules(cache === true ? {} : cache) : undefined
}

export function cacheRules(given: CacheLayerOptions): CacheRules {
  return {
    ttlMs: given.ttlMs ?? 3_600_000,
    staleWhileRevalidateMs: given.staleWhileRevalidateMs ?? 0,
    staleIfErrorMs: given.staleIfErrorMs ?? 86_400_000,
    scope: given.scope,
    scopeBy: given.scopeBy ?? [],
    when: given.when ?? 'safe',
    keepFallbackAnswers: given.keepFallbackAnswers ?? false,
    keepTruncatedAnswers: given.keepTruncatedAnswers ?? false,
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

/** Returns the options of the `cache` section that are passed to `createCache()`. */
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

/** Returns the options of the semantic cache; undefined when it is off. */
export function semanticOptions(cache: boolean | CacheLayerOptions | undefined): SemanticOptions | undefined {
  return typeof cache === 'object' ? cache.semantic || undefined : undefined
}

/**
 * Throws if options of the store are given to a copy or at run time. They cannot change then, because a client and its copies share one
 * store.
 * @throws OptionError for an option of the store
 */
export function refuseStoreOptions({ cache }: { cache?: boolean | CacheLayerOptions | undefined }): void {
  const [shared = semanticOptions(cache) && 'semantic'] = Object.keys(storeOptions(cache))
  if (shared === undefined) return
  throw new OptionError(
    `cache.${shared}`,
    `cache.${shared} belongs to the store that a client and its copies share, and cannot change. Make a new Harbor.`,
  )
}

function split({ semantic, ...cache }: CacheLayerOptions): {
  rules: Partial<CacheRules>
  semantic: SemanticOptions | false | undefined
  others: CacheStoreOptions & Pick<CacheLayerOptions, Life>
} {
  const entries = Object.entries(cache)
  return {
    rules: Object.fromEntries(entries.filter(([name]) => Object.hasOwn(RULES, name))),
    semantic,
    others: Object.fromEntries(entries.filter(([name]) => !Object.hasOwn(RULES, name))),
  }
}
