import type { HedgeOptions, Order } from '@harbor/fallback'
import type { Clock } from '@harbor/retry'
import type { CaptureRules } from '../options/capture-options.ts'
import type { CacheRules } from '../options/cache-options.ts'
import type { LimitOptions } from '../options/limit-options.ts'
import type { LastResort, RetrySettings } from '../options/options.ts'
import type { SpendLimit } from '../options/spend-limit-options.ts'
import type { CallObserver } from '../reporting/observer.ts'
import type { Labels } from '../reporting/labels.ts'
import type { Routes } from '../targets/routes.ts'
import type { Target } from '../reporting/target.ts'

/** The options of a call after checks, with defaults filled in, and without options that are switched off. */
export interface Policy {
  /** The maximum duration of a call, in milliseconds. For a stream, it is the maximum time until the first content. */
  readonly totalMs: number
  readonly maxAttempts: number
  /** The `retry` option without its number of attempts. */
  readonly retry: Omit<RetrySettings, 'maxAttempts'>
  readonly attemptMs: number
  /**
   * The maximum time until the first content of a stream, in milliseconds. If it is undefined, the default applies, which depends on
   * whether another target can take over.
   */
  readonly firstTokenMs: number | undefined
  readonly idleMs: number
  readonly clock: Clock
  readonly routes: Routes
  readonly order: Order<Target> | undefined
  readonly hedge: HedgeOptions | undefined
  readonly lastResort: LastResort | undefined
  readonly attemptsBeforeFallback: number
  readonly maxUpstreamCalls: number
  /** The maximum size in bytes, after decompression. It applies to an answer that is read whole, and to each event of a stream. */
  readonly maxAnswerBytes: number
  /** What happens to a stream whose connection breaks. */
  readonly onStreamFailure: 'error' | 'resume' | 'continue'
  /** The limits under which money is reserved for each attempt; undefined for none. */
  readonly spendLimits: readonly SpendLimit[] | undefined
  /** The rate limits that apply to each quota group whose provider has no limits of its own; undefined for none. */
  readonly limits: LimitOptions | undefined
  /** The observers of all calls; undefined for none. */
  readonly telemetry: readonly CallObserver[] | undefined
  /** What receives the content of calls; undefined for none. */
  readonly captureContent: CaptureRules | undefined
  /** The labels of all calls; undefined for none. */
  readonly labels: Labels | undefined
  /** The rules for caching; undefined when caching is off. */
  readonly cache: CacheRules | undefined
}
