import type { BulkOptions } from '@harbor/batch'
import type { ProviderBatchOptions } from '@harbor/batch/openai'
import type { FailureKind } from '@harbor/retry'
import type { OpenAI } from 'openai'
import { aCount, aFunction, anAmount, aRecord, checkOptions, oneOf, type Check } from '../base/check.ts'
import { OptionError } from '../base/errors.ts'
import { BULK_ROUTES, type BulkRoute } from './auto/bulk-plan.ts'
import type { BulkRequest } from './bulk-request.ts'

/** The options of a bulk run. Options not described here are as in `@harbor/batch`. */
export interface HarborBulkOptions extends Pick<
  BulkOptions<BulkRequest>,
  | 'id'
  | 'onDuplicateId'
  | 'order'
  | 'reorderWindow'
  | 'readAhead'
  | 'journal'
  | 'fingerprint'
  | 'stopWhen'
  | 'signal'
  | 'total'
> {
  /** The maximum number of calls in flight, at least 1. @default 64 */
  concurrency?: number | undefined
  /**
   * How long the run waits for the end of an outage of the provider, in milliseconds. In an outage, every request fails by a network error, a
   * timeout, 429 or 5xx. Failed requests then wait, and every few seconds to a minute one of them is sent again, to find out whether the outage is
   * over. Two kinds of requests fail without waiting: those during which the provider answered another request, and those that have waited ten times
   * and still fail with an HTTP status. @default 0: no request waits; with `via: 'auto'`, `deadlineMs`
   */
  patienceMs?: number | undefined
  /**
   * Called with the kind of failure when an outage begins, and with `undefined` when it is over. Has no effect unless `patienceMs` is above 0.
   * @default none
   */
  onOutage?: ((kind: FailureKind | undefined) => void) | undefined
  /** The SDK's request options for each call, such as those that `perCall(…)` returns. @default none */
  request?: OpenAI.RequestOptions | undefined
  /**
   * How the requests are sent. `direct`: one call for each request, through cache, targets, limits and spend limit. `provider`: all requests through
   * the Batch API of the client's own provider, at half the price and within 24 hours. All requests must then have the same endpoint and model, and
   * no other feature of Harbor applies. The state of submitted batches is stored beside the `journal`, in a file with its path and `.batches`;
   * without a journal, only in memory. `auto`: as cheaply as can be expected within `deadlineMs` and `maxUsd`, by batches, by the service tier
   * `flex`, by responses in the background, and by direct calls. All requests are then read before the first is sent, and are in memory until they are
   * answered; with `order: 'input'`, so are the answers that wait for earlier ones. @default 'direct'
   */
  via?: 'direct' | 'provider' | 'auto' | undefined
  /**
   * How requests are split into files and how batches are polled, as in `@harbor/batch/openai`. Only with `via: 'provider'` and `'auto'`; refused
   * otherwise. With `'auto'`, `endpoint` and `maxResubmits` have no effect. @default the defaults of `createProviderBatch()`
   */
  providerBatch?: Omit<ProviderBatchOptions, 'client' | 'endpoint' | 'state'> & {
    /** The endpoint of all requests. @default '/v1/chat/completions' */
    endpoint?: ProviderBatchOptions['endpoint'] | undefined
  }
  /**
   * The time within which every request should have its result, in milliseconds, from the start of the run; a resumed run keeps the deadline of its
   * first start. Requests whose cheaper answer is not there in time are called directly before that. Only with `via: 'auto'`. @default 86_400_000, a
   * day
   */
  deadlineMs?: number | undefined
  /**
   * The maximum that the run may spend, in US dollars, earlier runs with the same journal included. Money is reserved before a request is sent, at its
   * highest possible cost. A request for which too little is left gets a BulkMoneyError. Only with `via: 'auto'`. @default no maximum
   */
  maxUsd?: number | undefined
  /**
   * How long a batch of the provider usually takes, in milliseconds. A batch is used only if at least a quarter of that is left before direct calls
   * would have to begin. Only with `via: 'auto'`. @default 3_600_000, an hour
   */
  typicalBatchMs?: number | undefined
  /** The routes that a run with `via: 'auto'` may use. `direct` is always one of them. @default all */
  routes?: readonly BulkRoute[] | undefined
}

const AUTO_ONLY = ['deadlineMs', 'maxUsd', 'typicalBatchMs', 'routes'] as const

/** Options that have no effect, by `via`. */
const WITHOUT_EFFECT = {
  direct: ['providerBatch', ...AUTO_ONLY],
  provider: [
    'concurrency',
    'patienceMs',
    'onOutage',
    'request',
    'order',
    'reorderWindow',
    'readAhead',
    ...AUTO_ONLY,
  ],
  auto: ['reorderWindow', 'readAhead'],
} as const satisfies Record<string, readonly (keyof HarborBulkOptions)[]>

/** A hundred years, in milliseconds: a date that is computed with it exists. */
const MAX_MS = 36_500 * 86_400_000
const aDuration: Check = {
  accepts: (value) => anAmount.accepts(value) && (value as number) <= MAX_MS,
  expected: 'a number of milliseconds above 0, up to a hundred years',
}

/** Checks of the options that this package itself uses. `@harbor/batch` checks the others when the run is made. */
const CHECKS = {
  via: oneOf('direct', 'provider', 'auto'),
  id: aFunction,
  patienceMs: {
    accepts: (value) => typeof value === 'number' && value >= 0,
    expected: 'a number of milliseconds of at least 0',
  },
  onOutage: aFunction,
  request: aRecord,
  providerBatch: aRecord,
  deadlineMs: aDuration,
  maxUsd: anAmount,
  typicalBatchMs: aDuration,
  routes: {
    accepts: (value) =>
      Array.isArray(value) && value.every((route) => BULK_ROUTES.includes(route as BulkRoute)),
    expected: `a list of ${BULK_ROUTES.join(', ')}`,
  },
} as const satisfies Partial<Record<keyof HarborBulkOptions, Check>>

/**
 * Checks the options of a bulk run.
 *
 * @returns the options that were given: one that is `undefined` counts as left out
 * @throws OptionError for an invalid option, or one that has no effect with this `via`
 */
export function checkBulk(options: HarborBulkOptions): HarborBulkOptions {
  for (const name of Object.keys(CHECKS) as (keyof typeof CHECKS)[])
    checkOptions({ [name]: options[name] }, CHECKS)
  const checked: HarborBulkOptions = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  )
  const { via = 'direct' } = checked
  const refused = WITHOUT_EFFECT[via].find((name) => name in checked)
  if (refused !== undefined)
    throw new OptionError(refused, `${refused} has no effect with via: '${via}'. Leave it out.`)
  // The calls of such a run take their turn outside of `@harbor/batch`.
  if (via === 'auto') checkOptions({ concurrency: checked.concurrency }, { concurrency: aCount })
  return checked
}

/** Returns the options that `@harbor/batch` checks and uses, without `id` and `journal`, which each kind of run makes its own from. */
export function optionsOfRun(
  options: HarborBulkOptions,
): Omit<HarborBulkOptions, keyof typeof CHECKS | 'journal'> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !(name in CHECKS)))
}
