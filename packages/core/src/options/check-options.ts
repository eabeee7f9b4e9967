import { MAX_RULE_WINDOW_MS, type AlertOptions } from '../reporting/alert.ts'
import { CircuitBreaker } from '@harbor/breaker'
import { FallbackChain, type HedgeOptions } from '@harbor/fallback'
import { createRetry } from '@harbor/retry'
import { captureRulesOf } from './capture-options.ts'
import { checkCache } from './cache-options.ts'
import { embeddingBatchSettings } from './embedding-batch-options.ts'
import { checkLimits } from './limit-options.ts'
import { checkPrefetch } from './prefetch-options.ts'
import * as is from '../base/check.ts'
import { OptionError } from '../base/errors.ts'
import { inSection, refuseOwnOf } from '../base/in-section.ts'
import { checkLabels } from './labels.ts'
import type { HarborOptions } from './options.ts'
import type { PerCallOptions } from './per-call-options.ts'
import type { TimeoutSettings } from './timeout-settings.ts'
import { checkSpendLimits } from './spend-limit-options.ts'
import type { BreakerSettings } from './breaker-settings.ts'
import { CLIENT_CHECKS, PER_CALL_CHECKS } from './option-scope.ts'

/** The checks of an object of timeouts. */
export const TIMEOUTS = {
  attemptMs: is.durationMs,
  firstTokenMs: is.durationMs,
  idleMs: is.durationMs,
} as const satisfies Record<keyof TimeoutSettings, is.Check>

const ALERT = {
  name: is.aName,
  when: is.aFunction,
  forMs: is.aWeight,
  notify: is.aFunction,
} as const satisfies Record<keyof AlertOptions, is.Check>

const RULE = {
  windowMs: {
    accepts: (value) => typeof value === 'number' && value > 0 && value <= MAX_RULE_WINDOW_MS,
    expected: 'a number of milliseconds above 0, at most six hours (21600000)',
  },
} as const satisfies Record<string, is.Check>

/** Checks the options of a single call. @throws OptionError with the name of an invalid option */
export function checkPerCall(options: PerCallOptions): void {
  is.checkOptions(options, PER_CALL_CHECKS)
  if (options.timeouts) is.checkOptions(options.timeouts, TIMEOUTS, 'timeouts.')
  checkHedge(options.hedge)
  checkLabels(options.labels)
}

/**
 * Checks the value of each option of a client.
 * @throws OptionError with the name of an invalid option, the expected value and the given one
 */
export function checkHarborOptions(options: HarborOptions): void {
  is.checkOptions(options, CLIENT_CHECKS)
  if (options.timeouts) is.checkOptions(options.timeouts, TIMEOUTS, 'timeouts.')
  checkSpendLimits(options.spendLimit)
  if (options.alerts) checkAlerts(options.alerts)
  checkLabels(options.labels)
  checkLimits(options.limits, 'limits')
  checkCache(options.cache)
  captureRulesOf(options.captureContent)
  embeddingBatchSettings(options.embeddingBatch)
  checkPrefetch(options.prefetch, options.cache)
  checkBreaker(options.breaker)
  checkHedge(options.hedge)
  if (options.health) is.checkOptions(options.health, { checkIntervalMs: is.durationMs }, 'health.')
  if (options.pool && options.fetch) {
    throw new OptionError('pool', 'pool and fetch cannot be given together: fetch replaces the pool.')
  }
}

function checkAlerts(alerts: readonly AlertOptions[]): void {
  const names = alerts.map(({ name }) => name)
  for (const [place, alert] of alerts.entries()) {
    // A missing field is as invalid as one of the wrong type.
    const { name = null, when = null, notify = null, ...more } = alert as Partial<AlertOptions>
    is.checkOptions({ name, when, notify, ...more }, ALERT, `alerts[${place}].`)
    is.checkOptions({ windowMs: alert.when.windowMs }, RULE, `alerts[${place}].when.`)
    if (names.indexOf(alert.name) !== place) {
      throw new OptionError(
        `alerts[${place}].name`,
        `alerts[${place}].name is ${alert.name}, like another one. Give each its own.`,
      )
    }
  }
}

/** Checks the option `hedge` by creating a chain of `@harbor/fallback` with it, which checks its options. */
function checkHedge(hedge: HedgeOptions | false | undefined): void {
  if (!hedge) return
  inSection('hedge', () => new FallbackChain({ targets: [{ name: 'any' }], hedge }))
}

function checkBreaker(breaker: BreakerSettings | false | undefined): void {
  if (!breaker) return
  refuseOwnOf('breaker', breaker, ['judge', 'restore', 'clock', 'name'])
  // This breaker only checks the options, so it must not be attached to the store.
  const isStore = typeof breaker.store?.attach === 'function'
  inSection('breaker', () => new CircuitBreaker(isStore ? { ...breaker, store: undefined } : breaker))
}

/** Checks the `retry` section. @throws OptionError for an invalid option, or one that Harbor sets itself */
export function checkRetry(settings: object): void {
  refuseOwnOf(
    'retry',
    settings,
    ['signal', 'deadlineMs', 'attemptTimeoutMs', 'clock', 'classify', 'shouldRetryResult'],
    'For time limits see timeout and timeouts.',
  )
  inSection('retry', () => createRetry(settings))
}
