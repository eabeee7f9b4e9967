import { createCache, type CacheOptions } from '@harbor/cache'
import { OptionError } from '../base/errors.ts'
import * as is from '../base/check.ts'
import { inSection } from '../base/in-section.ts'

/**
 * What is kept of answers, and for whom. The first half is the options of `@harbor/cache`, whose entries these are.
 * A client and its copies share one store; what is kept in it, for how long and for whom may differ from copy to copy.
 */
export interface CacheLayerOptions extends CacheStoreOptions {
  /** How long an answer is fresh, in milliseconds. @default 3_600_000 */
  ttlMs?: number | undefined
  /** For so long after that it is given at once, and asked for anew in the background. @default 0 */
  staleWhileRevalidateMs?: number | undefined
  /** For so long after it was fresh it is given when no target answers. The receipt says `stale`. @default 86_400_000 */
  staleIfErrorMs?: number | undefined
  /**
   * Who shares answers: a tenant, or any name that means one. Trap: what one constant means is shared by everybody.
   * @default the credential: key, organization and project
   */
  scope?: string | undefined
  /**
   * Which requests are answered from the cache. `safe`: embeddings; chat and completions with temperature 0 or a seed, and one
   * choice; Responses that are not stored and continue nothing. `always`: all but those that continue something at their provider.
   * @default 'safe'
   */
  when?: 'safe' | 'always' | ((request: Readonly<Record<string, unknown>>) => boolean) | undefined
  /** Whether what another target answered is kept for the one that was asked for. @default false */
  keepFallbackAnswers?: boolean | undefined
  /** Whether answers are kept that were cut at their limit of tokens. @default false */
  keepLength?: boolean | undefined
  /** Longer answers are passed on and not kept, in bytes. @default 4_194_304 */
  maxRecordBytes?: number | undefined
  /** Parameters at the top of a request that make no other question of it. @default ['user', 'metadata', 'safety_identifier'] */
  ignore?: readonly string[] | undefined
  /**
   * Headers that identify no caller and change no answer, in addition to the usual ones (accept, user-agent, traceparent and
   * others). Every other header separates answers: name here one that is new with each request. `*` at the end of a name stands for any
   * ending. Trap: tenants that differ only in a header named here get each other's answers.
   * @default none
   */
  ignoreHeaders?: readonly string[] | undefined
}

/** What belongs to the one store that all copies of a client share. */
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
  | 'farRestMs'
  | 'onError'
>

/** These the leaf checks, too. */
type Life = 'ttlMs' | 'staleWhileRevalidateMs' | 'staleIfErrorMs'

/** How the calls of one client are cached. */
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
  /** Whether a header, by its name in lower case, is among `ignoreHeaders`. */
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
    expected: 'a list of names of headers',
  },
} as const satisfies Record<Exclude<keyof CacheRules, Life | 'ignoresHeader'>, is.Check>

/** @throws OptionError for an option of the `cache` section that does not exist or makes no sense */
export function checkCache(cache: boolean | CacheLayerOptions | undefined): void {
  if (typeof cache !== 'object') return
  const { rules, others } = split(cache)
  is.checkOptions(rules, RULES, 'cache.')
  try {
    // The leaf knows its options best. Nothing happens in a cache that is not used.
    createCache(others)
  } catch (error) {
    throw inSection('cache', error)
  }
}

/** @returns undefined when nothing is cached */
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

/** What the store is made with. */
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

/** @throws OptionError for a change of what belongs to the store, which is there already, and shared */
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
