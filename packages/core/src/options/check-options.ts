import type { AlertOptions } from '../reporting/alert.ts'
import { CircuitBreaker } from '@harbor/breaker'
import { FallbackChain, type HedgeOptions } from '@harbor/fallback'
import { createRetry } from '@harbor/retry'
import { checkCache } from './cache-options.ts'
import { embeddingBatchSettings } from './embedding-batch-options.ts'
import { checkLimits } from './limit-options.ts'
import { checkPrefetch } from './prefetch-options.ts'
import type { ClientOptions } from 'openai'
import * as is from '../base/check.ts'
import { OptionError } from '../base/errors.ts'
import { inSection } from '../base/in-section.ts'
import type { HarborOptions, PerCallOptions, TimeoutSettings } from './options.ts'
import type { SpendLimitOptions } from './spend-limit-options.ts'
import type { BreakerSettings } from './breaker-settings.ts'

/** Harbor's own sections. */
export const OWN = {
  retry: is.anObjectOrFalse,
  timeouts: is.anObjectOrFalse,
  providers: is.anObject,
  models: is.anObject,
  fallback: is.chains,
  contextWindowFallback: is.chains,
  contentPolicyFallback: is.chains,
  order: is.aFunction,
  breaker: is.anObjectOrFalse,
  health: is.anObjectOrFalse,
  hedge: is.anObjectOrFalse,
  lastResort: is.aFunctionOrFalse,
  attemptsBeforeFallback: is.aCount,
  maxUpstreamCalls: is.aCount,
  maxAnswerBytes: is.aByteCount,
  spendLimit: is.anObjectOrFalse,
  limits: is.anObjectOrFalse,
  cache: is.aSwitchOrOptions,
  embeddingBatch: is.aSwitchOrOptions,
  prefetch: is.aSwitchOrOptions,
  alerts: {
    accepts: (value) => Array.isArray(value) || value === false,
    expected: 'a list of alerts, or false',
  },
  sdkFastPath: is.aBoolean,
  pool: {
    accepts: (value) => typeof value === 'object' && value !== null,
    expected: 'a pool, or options for one',
  },
} as const satisfies Record<Exclude<keyof HarborOptions, keyof ClientOptions>, is.Check>

const NEEDS_OWN_FETCH = is.refused("it needs the SDK's own fetch, which Harbor replaces")

const SDK = {
  apiKey: is.aKey,
  adminAPIKey: is.aString,
  organization: is.aString,
  project: is.aString,
  webhookSecret: is.aString,
  baseURL: is.anHttpUrl,
  dataResidency: { accepts: () => true, expected: '' },
  timeout: is.finiteMs,
  maxRetries: is.wholeNumber,
  fetch: is.aFunction,
  fetchOptions: is.anObject,
  defaultHeaders: is.anObject,
  defaultQuery: is.anObject,
  dangerouslyAllowBrowser: is.aBoolean,
  logLevel: is.oneOf('off', 'error', 'warn', 'info', 'debug'),
  logger: is.anObject,
  provider: NEEDS_OWN_FETCH,
  workloadIdentity: NEEDS_OWN_FETCH,
  x509Transport: NEEDS_OWN_FETCH,
  credential: NEEDS_OWN_FETCH,
} as const satisfies Record<keyof ClientOptions, is.Check>

const TIMEOUTS = {
  attemptMs: is.durationMs,
  firstTokenMs: is.durationMs,
  idleMs: is.durationMs,
} as const satisfies Record<keyof TimeoutSettings, is.Check>

const SPEND_LIMIT = {
  usd: is.anAmount,
  per: is.oneOf('hour', 'day', 'total'),
  unpriced: is.oneOf('refuse', 'allow'),
} as const satisfies Record<keyof SpendLimitOptions, is.Check>

const ALERT = {
  name: is.aName,
  when: is.aFunction,
  forMs: is.aWeight,
  notify: is.aFunction,
} as const satisfies Record<keyof AlertOptions, is.Check>

const PER_CALL = {
  fallback: is.aListOrFalse,
  order: is.aFunction,
  hedge: is.anObjectOrFalse,
  lastResort: is.aFunctionOrFalse,
  cache: is.oneOf('default', 'bypass', 'refresh', 'only-if-cached'),
  ttlMs: is.aWeight,
  tags: is.aListOfStrings,
  scope: is.aName,
  session: is.aName,
  priority: is.aNumber,
  timeouts: {
    accepts: (value) => typeof value === 'object' && value !== null,
    expected: 'an object of clocks',
  },
  onReceipt: is.aFunction,
  onResponseId: is.aFunction,
} as const satisfies Record<keyof PerCallOptions, is.Check>

/** @throws OptionError naming the option */
export function checkPerCall(options: PerCallOptions): void {
  is.checkOptions(options, PER_CALL)
  if (options.timeouts) is.checkOptions(options.timeouts, TIMEOUTS, 'timeouts.')
  checkHedge(options.hedge, 'hedge')
}

/**
 * Checks what every option is by itself.
 * @throws OptionError naming the option, what was expected and what came
 */
export function checkHarborOptions(options: HarborOptions): void {
  is.checkOptions(options, { ...OWN, ...SDK })
  if (options.timeouts) is.checkOptions(options.timeouts, TIMEOUTS, 'timeouts.')
  if (options.spendLimit) checkSpendLimit(options.spendLimit)
  if (options.alerts) checkAlerts(options.alerts)
  checkLimits(options.limits, 'limits')
  checkCache(options.cache)
  embeddingBatchSettings(options.embeddingBatch)
  checkPrefetch(options.prefetch, options.cache)
  checkBreaker(options.breaker)
  checkHedge(options.hedge, 'hedge')
  if (options.health) is.checkOptions(options.health, { checkIntervalMs: is.durationMs }, 'health.')
  if (options.pool && options.fetch) {
    throw new OptionError('pool', 'pool and fetch cannot be given together: fetch replaces the pool.')
  }
}

function checkAlerts(alerts: readonly AlertOptions[]): void {
  const names = alerts.map(({ name }) => name)
  for (const [place, alert] of alerts.entries()) {
    // What is missing is as wrong as what is of the wrong type.
    const { name = null, when = null, notify = null, ...more } = alert as Partial<AlertOptions>
    is.checkOptions({ name, when, notify, ...more }, ALERT, `alerts[${place}].`)
    if (names.indexOf(alert.name) !== place) {
      throw new OptionError(
        `alerts[${place}].name`,
        `alerts[${place}].name is ${alert.name}, like another one. Give each its own.`,
      )
    }
  }
}

function checkSpendLimit(limit: SpendLimitOptions): void {
  is.checkOptions(limit, SPEND_LIMIT, 'spendLimit.')
  for (const name of ['usd', 'per'] as const) {
    if ((limit[name] as unknown) === undefined) {
      throw new OptionError(
        `spendLimit.${name}`,
        `spendLimit.${name} is missing: it must be ${SPEND_LIMIT[name].expected}.`,
      )
    }
  }
}

/** The leaf knows its options best; only what the pipeline gives is not the user's to set. */
function checkHedge(hedge: HedgeOptions | false | undefined, name: string): void {
  if (!hedge) return
  try {
    new FallbackChain({ targets: [{ name: 'any' }], hedge })
  } catch (error) {
    throw inSection(name, error)
  }
}

function checkBreaker(breaker: BreakerSettings | false | undefined): void {
  if (!breaker) return
  const given = ['judge', 'restore', 'clock'].find((name) => name in breaker)
  if (given)
    throw new OptionError(`breaker.${given}`, `breaker.${given} is the pipeline's to give. Take it out.`)
  try {
    new CircuitBreaker(breaker)
  } catch (error) {
    throw inSection('breaker', error)
  }
}

/** @throws OptionError for an option of the `retry` section that makes no sense, or is the pipeline's to give */
export function checkRetry(settings: object): void {
  const given = ['signal', 'deadlineMs', 'attemptTimeoutMs', 'clock', 'classify', 'shouldRetryResult'].find(
    (name) => name in settings,
  )
  if (given) {
    throw new OptionError(
      `retry.${given}`,
      `retry.${given} is the pipeline's to give. For limits of time see timeout and timeouts.`,
    )
  }
  try {
    createRetry(settings)
  } catch (error) {
    throw inSection('retry', error)
  }
}
