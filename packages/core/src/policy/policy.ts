import type { HedgeOptions, Order } from '@harbor/fallback'
import type { Clock } from '@harbor/retry'
import type { CacheRules } from '../options/cache-options.ts'
import type { LimitOptions } from '../options/limit-options.ts'
import type { LastResort, RetrySettings } from '../options/options.ts'
import type { SpendLimitOptions } from '../options/spend-limit-options.ts'
import type { Routes } from '../targets/routes.ts'
import type { Target } from '../reporting/target.ts'

/** What holds for a call, settled: defaults filled in, what is switched off left out. */
export interface Policy {
  /** Everything a call may take, in milliseconds; of a stream, until its first content. */
  readonly totalMs: number
  readonly maxAttempts: number
  /** The `retry` option as given, less its number of attempts. */
  readonly retry: Omit<RetrySettings, 'maxAttempts'>
  readonly attemptMs: number
  /** Undefined when it was not set: it then depends on whether another target can take over. */
  readonly firstTokenMs: number | undefined
  readonly idleMs: number
  readonly clock: Clock
  readonly routes: Routes
  readonly order: Order<Target> | undefined
  readonly hedge: HedgeOptions | undefined
  readonly lastResort: LastResort | undefined
  readonly attemptsBeforeFallback: number
  readonly maxUpstreamCalls: number
  /** Of a decoded answer that is read whole, and of one event of a stream. */
  readonly maxAnswerBytes: number
  readonly spendLimit: SpendLimitOptions | undefined
  /** What every quota group may use that has no limits of its own; undefined when nothing is limited. */
  readonly limits: LimitOptions | undefined
  /** Undefined when nothing is cached. */
  readonly cache: CacheRules | undefined
}
