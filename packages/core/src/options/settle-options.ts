import type { AlertOptions } from '../alerts/alert.ts'
import { CircuitBreaker } from '@harbor/breaker'
import { FallbackChain, type HedgeOptions } from '@harbor/fallback'
import { createRetry } from '@harbor/retry'
import { cacheRules, checkCache } from '../cache/cache-options.ts'
import { checkPrefetch } from '../prefetch/prefetch-options.ts'
import type { ClientOptions } from 'openai'
import * as is from './check.ts'
import { OptionError } from '../errors.ts'
import type { HarborOptions, PerCallOptions, TimeoutSettings } from './options.ts'
import { checkModels } from './models.ts'
import { systemClock, type Policy } from './policy.ts'
import { settleProviders, type SettledProviders } from './providers.ts'
import type { SpendLimitOptions } from '../cost/spend-limit.ts'
import type { BreakerSettings } from '../targets/health.ts'
import { Routes } from '../targets/routes.ts'

const OWN = {
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
  spendLimit: is.anObjectOrFalse,
  cache: {
    accepts: (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
    expected: 'true, false or an object',
  },
  prefetch: {
    accepts: (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
    expected: 'true, false or an object',
  },
  alerts: {
    accepts: (value) => Array.isArray(value) || value === false,
    expected: 'a list of alerts, or false',
  },
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
  timeouts: {
    accepts: (value) => typeof value === 'object' && value !== null,
    expected: 'an object of clocks',
  },
  onReceipt: is.aFunction,
} as const satisfies Record<keyof PerCallOptions, is.Check>

const DEFAULT_ATTEMPTS = 3
const DEFAULT_TOTAL_MS = 600_000

export interface SettledOptions {
  /** What the SDK's constructor gets, less `fetch`. */
  readonly sdk: ClientOptions
  readonly policy: Policy
  /** Names of provider entries whose key is not there. */
  readonly leftOut: readonly string[]
}

/**
 * Checks everything a user can get wrong, at once, and fills in the defaults.
 * @param given.isFetch whether they are for a bare `fetch` rather than a client
 * @throws OptionError naming the option, what was expected and what came
 */
export function settleOptions(options: HarborOptions, { isFetch = false } = {}): SettledOptions {
  if (typeof options !== 'object' || (options as unknown) === null)
    throw new OptionError('options', 'The options must be an object.')
  checkedOptions(options)
  const { sdk, own } = splitOptions(options)
  const { retry, timeouts, order, hedge, lastResort, attemptsBeforeFallback = 2, maxUpstreamCalls = 6 } = own
  const { maxAttempts, ...retrySettings } = retry === false ? {} : (retry ?? {})
  const attempts = attemptsOf(options) ?? DEFAULT_ATTEMPTS
  checkRetry(retrySettings)
  const settled = settleProviders(options, isFetch)
  const policy: Policy = {
    totalMs: options.timeout ?? DEFAULT_TOTAL_MS,
    maxAttempts: attempts,
    retry: retrySettings,
    ...clocksOf(timeouts),
    clock: systemClock,
    routes: routesOf(options, settled),
    order,
    hedge: hedge || undefined,
    lastResort: lastResort || undefined,
    attemptsBeforeFallback,
    maxUpstreamCalls,
    spendLimit: own.spendLimit || undefined,
    cache: cacheRules(own.cache),
  }
  return {
    sdk: { ...sdk, ...settled.sdk, maxRetries: attempts - 1 },
    policy,
    leftOut: settled.leftOut,
  }
}

/** Harbor's own sections apart from what the SDK knows. `fetch` is in neither: it is the transport. */
export function splitOptions(options: HarborOptions): { sdk: ClientOptions; own: OwnOptions } {
  const entries = Object.entries(options).filter(([name]) => name !== 'fetch')
  return {
    sdk: Object.fromEntries(entries.filter(([name]) => !Object.hasOwn(OWN, name))),
    own: Object.fromEntries(entries.filter(([name]) => Object.hasOwn(OWN, name))),
  }
}

export type OwnOptions = Pick<HarborOptions, keyof typeof OWN>

function routesOf(options: HarborOptions, { providers, defaultProvider, leftOut }: SettledProviders): Routes {
  const { models = {}, fallback, contextWindowFallback, contentPolicyFallback } = options
  checkModels(models)
  return new Routes({
    providers,
    defaultProvider,
    models,
    fallback: fallback || undefined,
    contextWindowFallback: contextWindowFallback || undefined,
    contentPolicyFallback: contentPolicyFallback || undefined,
    leftOut,
  })
}

/** The policy with what one call asks for in its place. */
export function policyFor(
  policy: Policy,
  asked: { totalMs?: number; maxAttempts?: number; timeouts?: TimeoutSettings | undefined },
): Policy {
  const { totalMs = policy.totalMs, maxAttempts = policy.maxAttempts, timeouts } = asked
  if (totalMs === policy.totalMs && maxAttempts === policy.maxAttempts && !timeouts) return policy
  const { attemptMs, firstTokenMs, idleMs } = { ...policy, ...defined(timeouts ?? {}) }
  return { ...policy, totalMs, maxAttempts, attemptMs, firstTokenMs, idleMs }
}

/** @throws OptionError naming the option */
export function checkPerCall(options: PerCallOptions): void {
  is.checkOptions(options, PER_CALL)
  if (options.timeouts) is.checkOptions(options.timeouts, TIMEOUTS, 'timeouts.')
  checkHedge(options.hedge, 'hedge')
}

function checkedOptions(options: HarborOptions): void {
  is.checkOptions(options, { ...OWN, ...SDK })
  if (options.timeouts) is.checkOptions(options.timeouts, TIMEOUTS, 'timeouts.')
  if (options.spendLimit) checkSpendLimit(options.spendLimit)
  if (options.alerts) checkAlerts(options.alerts)
  checkCache(options.cache)
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

function inSection(section: string, error: unknown): unknown {
  return error instanceof TypeError ? new OptionError(section, `In ${section}: ${error.message}.`) : error
}

function checkRetry(settings: object): void {
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

/**
 * How many attempts the options ask for, under either name.
 * @returns undefined when they do not say
 * @throws OptionError when the two names contradict each other
 */
export function attemptsOf({ retry, maxRetries }: HarborOptions): number | undefined {
  const maxAttempts = retry === false ? 1 : retry?.maxAttempts
  if (maxAttempts !== undefined && !(Number.isInteger(maxAttempts) && maxAttempts >= 1)) {
    throw new OptionError(
      'retry.maxAttempts',
      `retry.maxAttempts must be a whole number of at least 1, got ${maxAttempts}.`,
    )
  }
  if (maxAttempts !== undefined && maxRetries !== undefined && maxAttempts !== maxRetries + 1) {
    throw new OptionError(
      'maxRetries',
      `maxRetries: ${maxRetries} and retry of ${maxAttempts} attempts contradict each other: they are one setting ` +
        `(maxRetries + 1 = maxAttempts). Give one of them.`,
    )
  }
  return maxAttempts ?? (maxRetries === undefined ? undefined : maxRetries + 1)
}

function clocksOf(
  timeouts: TimeoutSettings | false | undefined,
): Pick<Policy, 'attemptMs' | 'firstTokenMs' | 'idleMs'> {
  if (timeouts === false) return { attemptMs: Infinity, firstTokenMs: Infinity, idleMs: Infinity }
  return { attemptMs: Infinity, firstTokenMs: 300_000, idleMs: 120_000, ...defined(timeouts ?? {}) }
}

function defined<T extends object>(options: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
