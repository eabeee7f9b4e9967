import { describeValue } from '@harbor/parts'
import type { BulkOptions } from '@harbor/batch'
import type { ProviderBatchOptions } from '@harbor/batch/openai'
import type { FailureKind } from '@harbor/retry'
import type { OpenAI } from 'openai'
import { OptionError } from '../base/errors.ts'
import type { BulkRequest } from './bulk-request.ts'

/** How a bulk run goes. What is not told here is as in `@harbor/batch`. */
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
  /** How many calls are under way at most. @default 64 */
  concurrency?: number | undefined
  /**
   * How long an outage of the provider may last, in milliseconds. While no request is answered, those that failed by it are held back, and one at a time finds
   * out, after 5 s to a minute, whether it is over. Requests that fail while others are answered, or that get an error as their answer ten times over, fail.
   * @default 0, which sits out none
   */
  patienceMs?: number | undefined
  /** Called with what requests fail by when an outage begins, and with `undefined` when it is over. */
  onOutage?: ((kind: FailureKind | undefined) => void) | undefined
  /** For each call: the SDK's request options, `perCall(…)` among them. */
  request?: OpenAI.RequestOptions | undefined
  /**
   * `direct`: one call for each request, through cache, targets, limits and spend limit. `provider`: through the Batch API of the client's own
   * provider, at half the price and within 24 hours; nothing else of Harbor stands between, and all requests ask one endpoint and
   * one model. What was submitted is kept beside the journal, in `<its path>.batches`. @default 'direct'
   */
  via?: 'direct' | 'provider' | undefined
  /** With `via: 'provider'`: how its files are cut and watched, see `@harbor/batch/openai`. */
  providerBatch?: Omit<ProviderBatchOptions, 'client' | 'endpoint' | 'state'> & {
    /** What all requests are for. @default '/v1/chat/completions' */
    endpoint?: ProviderBatchOptions['endpoint'] | undefined
  }
}

/** These have no meaning for requests that somebody else makes. */
const DIRECT_ONLY = [
  'concurrency',
  'patienceMs',
  'onOutage',
  'request',
  'order',
  'reorderWindow',
  'readAhead',
] as const

/** @throws OptionError for what contradicts `via`; what is left, the runner knows best */
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
    throw new OptionError(refused, `${refused} does nothing with via: '${via}'. Leave it out.`)
}
