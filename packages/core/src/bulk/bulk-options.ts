import { describeValue } from '@harbor/parts'
import type { BulkOptions } from '@harbor/batch'
import type { ProviderBatchOptions } from '@harbor/batch/openai'
import type { FailureKind } from '@harbor/retry'
import type { OpenAI } from 'openai'
import { OptionError } from '../base/errors.ts'
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
   * and still fail with an HTTP status. @default 0: no request waits
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
   * without a journal, only in memory. @default 'direct'
   */
  via?: 'direct' | 'provider' | undefined
  /**
   * How requests are split into files and how batches are polled, as in `@harbor/batch/openai`. Only with `via: 'provider'`; refused otherwise.
   * @default the defaults of `createProviderBatch()`
   */
  providerBatch?: Omit<ProviderBatchOptions, 'client' | 'endpoint' | 'state'> & {
    /** The endpoint of all requests. @default '/v1/chat/completions' */
    endpoint?: ProviderBatchOptions['endpoint'] | undefined
  }
}

/** Options that have no effect with `via: 'provider'`. */
const DIRECT_ONLY = [
  'concurrency',
  'patienceMs',
  'onOutage',
  'request',
  'order',
  'reorderWindow',
  'readAhead',
] as const

/**
 * Checks the options that this package itself uses. `@harbor/batch` checks the others when the run begins.
 *
 * @throws OptionError for an invalid option, or one that has no effect with this `via`
 */
export function checkBulk({ via = 'direct', ...options }: HarborBulkOptions): void {
  if (via !== 'direct' && (via as unknown) !== 'provider') {
    throw new OptionError('via', `via must be 'direct' or 'provider', got ${describeValue(via)}.`)
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
  const [refused] =
    via === 'provider'
      ? DIRECT_ONLY.filter((name) => options[name] !== undefined)
      : (['providerBatch'] as const).filter((name) => options[name] !== undefined)
  if (refused !== undefined)
    throw new OptionError(refused, `${refused} has no effect with via: '${via}'. Leave it out.`)
}
