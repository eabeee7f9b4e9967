import { captureRulesOf } from '../options/capture-options.ts'
import { cacheRulesOf } from '../options/cache-options.ts'
import type { ClientOptions } from 'openai'
import { attemptsOf } from '../options/attempts.ts'
import { checkSentOptions } from '../options/check-headers.ts'
import { checkHarborOptions, checkRetry } from '../options/check-options.ts'
import { observerList } from '../options/observers.ts'
import { copyLabels } from '../options/labels.ts'
import { HARBOR_OPTIONS } from '../options/option-scope.ts'
import { OptionError } from '../base/errors.ts'
import type { HarborOptions } from '../options/options.ts'
import type { TimeoutSettings } from '../options/timeout-settings.ts'
import { checkModels } from './models.ts'
import { settleModels } from './settle-models.ts'
import type { Policy } from './policy.ts'
import { systemClock } from '../base/clock.ts'
import { settleProviders, type SettledProviders } from './providers.ts'
import type { RunLimit } from '../options/run-limit.ts'
import { spendLimitsOf } from '../options/spend-limit-options.ts'
import { Routes } from '../targets/routes.ts'

const DEFAULT_ATTEMPTS = 3
const DEFAULT_TOTAL_MS = 600_000
const DEFAULT_ANSWER_BYTES = 64 * 1024 * 1024

export interface SettledOptions {
  /** The options of the SDK's constructor, without `fetch`. */
  readonly sdk: ClientOptions
  readonly policy: Policy
  /** The names of the entries in `providers` that are not used, because they have no key. */
  readonly leftOut: readonly string[]
}

/**
 * Checks all options and fills in the defaults.
 * @param isFetch whether the options are for `createHarborFetch()` rather than a client
 * @throws OptionError naming the option, the expected value and the given one
 */
export function settleOptions(options: HarborOptions, { isFetch = false } = {}): SettledOptions {
  if (typeof options !== 'object' || (options as unknown) === null)
    throw new OptionError('options', 'The options must be an object.')
  checkHarborOptions(options)
  checkSentOptions(options, isFetch ? undefined : process.env)
  const { sdk, own } = splitOptions(options)
  const { retry, timeouts, order, hedge, lastResort, attemptsBeforeFallback = 2, maxUpstreamCalls = 6 } = own
  const { maxAnswerBytes = DEFAULT_ANSWER_BYTES } = own
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
    maxAnswerBytes,
    onStreamFailure: own.onStreamFailure ?? 'error',
    spendLimits: spendLimitsOf(own.spendLimit),
    limits: own.limits || undefined,
    telemetry: observerList(own.telemetry),
    captureContent: captureRulesOf(own.captureContent),
    labels: copyLabels(own.labels),
    cache: cacheRulesOf(own.cache),
  }
  return {
    sdk: { ...sdk, ...settled.sdk, maxRetries: attempts - 1 },
    policy,
    leftOut: settled.leftOut,
  }
}

/** Separates Harbor's own options from the SDK's. Leaves out `fetch`, which is the transport. */
export function splitOptions(options: HarborOptions): { sdk: ClientOptions; own: OwnOptions } {
  const entries = Object.entries(options).filter(([name]) => name !== 'fetch')
  // When the SDK makes a copy, it passes properties under symbols, such as a mark that `dataResidency` chose the base URL.
  const symbols = Object.getOwnPropertySymbols(options).map((symbol) => [symbol, options[symbol as never]])
  return {
    sdk: Object.fromEntries([
      ...entries.filter(([name]) => !Object.hasOwn(HARBOR_OPTIONS, name)),
      ...symbols,
    ]) as ClientOptions,
    own: Object.fromEntries(entries.filter(([name]) => Object.hasOwn(HARBOR_OPTIONS, name))),
  }
}

export type OwnOptions = Pick<HarborOptions, keyof typeof HARBOR_OPTIONS>

function routesOf(options: HarborOptions, settled: SettledProviders): Routes {
  const { models = {}, fallback, contextWindowFallback, contentPolicyFallback } = options
  checkModels(models)
  return new Routes({
    ...settled,
    models: settleModels(models),
    fallback: fallback || undefined,
    contextWindowFallback: contextWindowFallback || undefined,
    contentPolicyFallback: contentPolicyFallback || undefined,
  })
}

/** Returns the policy for one call: that of the client, overridden by the options of the call. */
export function policyFor(
  policy: Policy,
  overrides: {
    totalMs?: number | undefined
    maxAttempts?: number
    timeouts?: TimeoutSettings | undefined
    runLimit?: RunLimit | undefined
  },
): Policy {
  const { totalMs = policy.totalMs, maxAttempts = policy.maxAttempts, timeouts, runLimit } = overrides
  if (totalMs === policy.totalMs && maxAttempts === policy.maxAttempts && !timeouts && !runLimit)
    return policy
  const { attemptMs, firstTokenMs, idleMs } = { ...policy, ...defined(timeouts ?? {}) }
  const spendLimits = runLimit ? runLimit.with(policy.spendLimits) : policy.spendLimits
  return { ...policy, totalMs, maxAttempts, attemptMs, firstTokenMs, idleMs, spendLimits }
}

function clocksOf(
  timeouts: TimeoutSettings | false | undefined,
): Pick<Policy, 'attemptMs' | 'firstTokenMs' | 'idleMs'> {
  if (timeouts === false) return { attemptMs: Infinity, firstTokenMs: Infinity, idleMs: Infinity }
  return { attemptMs: Infinity, firstTokenMs: undefined, idleMs: 120_000, ...defined(timeouts ?? {}) }
}

/** Returns the options without those whose value is undefined. */
export function defined<T extends object>(options: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
