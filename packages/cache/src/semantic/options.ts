import { systemClock, type Clock } from '../base/clock.ts'
import {
  aClock,
  aFraction,
  aFunction,
  count,
  expect,
  life,
  timer,
  validate,
  type Check,
} from '../base/validate.ts'
import { warn } from '../base/warn.ts'

/** Options of `createSemanticCache`. Only `embed` is required. Times are in milliseconds. */
export interface SemanticCacheOptions<Value> {
  /**
   * Returns the vector of a text: the same number of finite numbers for each text. Its length does not matter. The signal aborts after
   * `embedTimeoutMs`. After three failures in a row it is not called for ten seconds. Vectors are compared one by one, so prefer short ones (256
   * to 512 numbers).
   */
  embed: (
    text: string,
    context: { readonly signal: AbortSignal },
  ) => ArrayLike<number> | Promise<ArrayLike<number>>
  /**
   * Returns whether the cached answer is a right answer to the text. It is called beside the calls, for a share of the hits. Required unless
   * `shadow` is true: no answer is served while wrong hits would not be noticed. @default none
   */
  judge?: ((hit: JudgedHit<Value>) => boolean | Promise<boolean>) | undefined
  /**
   * `true`: nothing is served; hits are counted and judged. `'until-proved'`: as `true`, until the judged hits show that the error rate is at most
   * `maxErrorRate`. `false`: hits are served from the start. In each mode, the cache is switched off when the error rate is shown to be above
   * `maxErrorRate`. @default true
   */
  shadow?: boolean | 'until-proved' | undefined
  /** The minimum cosine similarity of two texts, from 0 to 1. The guard decides besides. @default 0.95 */
  threshold?: number | undefined
  /** The maximum share of wrong answers among the hits, above 0 and below 1. @default 0.01 */
  maxErrorRate?: number | undefined
  /**
   * The share of the hits that are judged, above 0 and at most 1. All are judged until the error rate is shown to be at most `maxErrorRate`, but
   * at most 500. @default 0.1
   */
  judgeShare?: number | undefined
  /**
   * Decides against a hit, in addition to the built-in guard: returns a word for the difference of two texts, or undefined if there is none. If it
   * throws, that decides against, too. @default none
   */
  guard?: ((text: string, cachedText: string) => string | undefined) | undefined
  /** The maximum number of answers in all partitions together, at least 1; the least recently used is evicted first. @default 1_000 */
  maxEntries?: number | undefined
  /** How long an answer may be served, in milliseconds, at most a year. @default 3_600_000 (1 hour) */
  ttlMs?: number | undefined
  /** The maximum length of a text, in UTF-16 code units. Longer ones are neither stored nor looked up. @default 2_000 */
  maxTextLength?: number | undefined
  /** How long a lookup waits for `embed`, in milliseconds, from 1 to 2^31 - 1. After that, it is a miss. @default 2_000 */
  embedTimeoutMs?: number | undefined
  /** How long `judge` may take, in milliseconds, from 1 to 2^31 - 1. @default 30_000 */
  judgeTimeoutMs?: number | undefined
  /**
   * Called with each error that rejects no call: those of `embed`, `judge` and `guard`, and one SemanticCacheOffError when the cache switches itself
   * off. @default such errors are ignored
   */
  onError?: ((error: unknown) => void) | undefined
  /** The source of the current time. @default a monotonic clock */
  clock?: Clock | undefined
  /** Returns random numbers from 0 up to, but not including, 1, which choose the hits that are judged. @default Math.random */
  random?: (() => number) | undefined
}

/** A hit that is judged. */
export interface JudgedHit<Value> {
  /** The text that was looked up. */
  readonly text: string
  /** The text for which the cached answer was stored. It is another one than `text`. */
  readonly cachedText: string
  /** The answer that the caller got instead, if the hit was not served; undefined if it was. */
  readonly answer: Value | undefined
  readonly cachedAnswer: Value
  /** Aborts after `judgeTimeoutMs`, or when the cache is closed. */
  readonly signal: AbortSignal
}

export type SemanticSettings<Value> = {
  readonly [Name in keyof SemanticCacheOptions<Value>]-?: Name extends 'judge' | 'guard'
    ? SemanticCacheOptions<Value>[Name]
    : NonNullable<SemanticCacheOptions<Value>[Name]>
}

/** Checks the options of a semantic cache. @throws TypeError for an unknown, invalid or missing option */
export function checkSemanticOptions<Value>(options: SemanticCacheOptions<Value>): void {
  validate(options, CHECKS)
  expect('embed', options.embed, CHECKS.embed)
  if ((options.shadow ?? true) === true || options.judge) return
  throw new TypeError(
    'judge must be a function unless shadow is true: nothing may be served while wrong hits are not noticed. Pass judge, or shadow: true',
  )
}

/** Checks the options and fills in the defaults. @throws TypeError for an unknown, invalid or missing option */
export function semanticSettings<Value>(options: SemanticCacheOptions<Value>): SemanticSettings<Value> {
  checkSemanticOptions(options)
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  return {
    ...DEFAULTS,
    ...(given as unknown as SemanticCacheOptions<Value>),
    onError: guarded(options.onError),
  } as SemanticSettings<Value>
}

const DEFAULTS = {
  judge: undefined,
  guard: undefined,
  shadow: true,
  threshold: 0.95,
  maxErrorRate: 0.01,
  judgeShare: 0.1,
  maxEntries: 1_000,
  ttlMs: 3_600_000,
  maxTextLength: 2_000,
  embedTimeoutMs: 2_000,
  judgeTimeoutMs: 30_000,
  clock: systemClock,
  random: (): number => Math.random(),
}

/** Wraps `onError`. If it throws, that error is reported as a process warning, and affects no call. */
function guarded(hook: ((error: unknown) => void) | undefined): (error: unknown) => void {
  return (error) => {
    try {
      hook?.(error)
    } catch (thrown) {
      warn(thrown)
    }
  }
}

const aShare: Check = [
  (value) => typeof value === 'number' && value > 0 && value <= 1,
  'a number above 0 and at most 1',
]

const CHECKS: Readonly<Record<keyof SemanticCacheOptions<never>, Check>> = {
  embed: aFunction,
  judge: aFunction,
  shadow: [
    (value) => typeof value === 'boolean' || value === 'until-proved',
    "true, false or 'until-proved'",
  ],
  threshold: aFraction,
  maxErrorRate: [
    (value) => typeof value === 'number' && value > 0 && value < 1,
    'a number above 0 and below 1',
  ],
  judgeShare: aShare,
  guard: aFunction,
  maxEntries: count,
  ttlMs: life,
  maxTextLength: count,
  embedTimeoutMs: timer,
  judgeTimeoutMs: timer,
  onError: aFunction,
  clock: aClock,
  random: aFunction,
}
