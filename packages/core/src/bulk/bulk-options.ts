import { describeValue } from '@harbor/parts'
import type { BulkOptions } from '@harbor/batch'
import type { ProviderBatchOptions } from '@harbor/batch/openai'
import type { FailureKind } from '@harbor/retry'
import type { OpenAI } from 'openai'
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
   * answered. @default 'direct'
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

/** Options that have no effect, by `via`. */
const WITHOUT_EFFECT = {
  direct: ['providerBatch', 'deadlineMs', 'maxUsd', 'typicalBatchMs', 'routes'],
  provider: [
    'concurrency',
    'patienceMs',
    'onOutage',
    'request',
    'order',
    'reorderWindow',
    'readAhead',
    'deadlineMs',
    'maxUsd',
    'typicalBatchMs',
    'routes',
  ],
  auto: ['reorderWindow', 'readAhead'],
} as const satisfies Record<string, readonly (keyof HarborBulkOptions)[]>

/**
 * Checks the options that this package itself uses. `@harbor/batch` checks the others when the run begins.
 *
 * @throws OptionError for an invalid option, or one that has no effect with this `via`
 */
export function checkBulk({ via = 'direct', ...options }: HarborBulkOptions): void {
  if (!Object.hasOwn(WITHOUT_EFFECT, via)) {
    throw new OptionError('via', `via must be 'direct', 'provider' or 'auto', got ${describeValue(via)}.`)
  }
  const { patienceMs, onOutage } = options
  if (patienceMs !== undefined && !(typeof (patienceMs as unknown) === 'number' && patienceMs >= 0)) {
    throw new OptionError(
      'patienceMs',
      `patienceMs must be a number of milliseconds of at least 0, got ${describeValue(patienceMs)}.`,
    )
  }
  if (onOutage !== undefined && typeof (onOutage as unknown) !== 'function') {
    throw new OptionError('onOutage', `onOutage must be a function, got ${describeValue(onOutage)}.`)
  }
  const refused = WITHOUT_EFFECT[via].find((name) => options[name] !== undefined)
  if (refused !== undefined)
    throw new OptionError(refused, `${refused} has no effect with via: '${via}'. Leave it out.`)
  checkAuto(options)
}

/** Checks the options of `via: 'auto'`. */
function checkAuto(options: HarborBulkOptions): void {
  for (const name of ['deadlineMs', 'maxUsd', 'typicalBatchMs'] as const) {
    const value: unknown = options[name]
    if (value !== undefined && !(typeof value === 'number' && value > 0 && value < Infinity))
      throw new OptionError(name, `${name} must be a finite number above 0, got ${describeValue(value)}.`)
  }
  const { routes } = options
  if (routes === undefined) return
  const given: readonly unknown[] = Array.isArray(routes) ? routes : [routes]
  const unknown = given.find((route) => !BULK_ROUTES.includes(route as BulkRoute))
  if (unknown !== undefined)
    throw new OptionError(
      'routes',
      `routes must be a list of ${BULK_ROUTES.join(', ')}, got ${describeValue(unknown)}.`,
    )
}
