import { describeValue } from '@harbor/parts'
import { aFunction, count, duration, having, oneOf, validate, type Check } from '../../validate.ts'
import type { ProviderBatchRequest } from '../contracts.ts'
import { RUN_CHECKS, runSettings, type RunOptions, type RunSettings } from '../run-settings.ts'
import type { ProviderBatchClient, ProviderBatchEndpoint } from './client.ts'

/** Options of `createProviderBatch`. `client` and `endpoint` are required. */
export interface ProviderBatchOptions extends RunOptions {
  /** A client of the provider: an instance of `openai`, or any object with the same `files` and `batches`. */
  client: ProviderBatchClient
  /** The endpoint that answers all requests of a run. Endpoints of Azure have no `/v1`. */
  endpoint: ProviderBatchEndpoint
  /** The maximum number of requests in one file, and so in one batch, at least 1. @default 50_000, the limit of OpenAI */
  maxRequests?: number | undefined
  /**
   * The maximum size of a file, in bytes, at least 1. One file at a time is in memory. A request larger than this is not submitted. @default
   * 200_000_000
   */
  maxBytes?: number | undefined
  /** The maximum number of tokens enqueued at the provider at once, by all batches of this run; further batches wait. @default no limit */
  enqueuedTokens?: number | undefined
  /** Returns the number of tokens that a request enqueues, for `enqueuedTokens`. @default a quarter of the request's size in bytes */
  tokensOf?: ((request: ProviderBatchRequest) => number) | undefined
  /**
   * How long to wait after the provider has rejected a batch with `token_limit_exceeded`, before a batch is created again, in milliseconds. Applies
   * only if no batch of this run is in progress; otherwise the run waits until a batch ends, which frees tokens. The wait doubles with each further
   * rejection in a row, up to an hour. @default 60_000
   */
  tokenLimitWaitMs?: number | undefined
}

export type ProviderBatchSettings = RunSettings & Pick<ProviderBatchOptions, 'client' | 'endpoint'>

/**
 * Checks the options, and adds the defaults.
 *
 * @throws TypeError for a missing, unknown or invalid option
 */
export function settingsOf(options: ProviderBatchOptions): ProviderBatchSettings {
  validate(options, CHECKS)
  for (const name of ['client', 'endpoint'] as const) {
    if ((options[name] as unknown) === undefined)
      throw new TypeError(`${name} must be ${CHECKS[name][1]}, got ${describeValue(undefined)}`)
  }
  const { client, endpoint } = options
  const limits = {
    maxRequests: options.maxRequests ?? 50_000,
    maxBytes: options.maxBytes ?? 200_000_000,
    enqueuedTokens: options.enqueuedTokens ?? Infinity,
    tokensOf: options.tokensOf,
    tokenLimitWaitMs: options.tokenLimitWaitMs ?? 60_000,
  }
  return { ...runSettings(options, limits), client, endpoint }
}

const [hasFiles] = having('', 'create', 'content')
const [hasBatches] = having('', 'create', 'retrieve', 'cancel', 'list')

const CHECKS: Readonly<Record<keyof ProviderBatchOptions, Check>> = {
  ...RUN_CHECKS,
  client: [
    (value) => {
      const { files, batches } = (value ?? {}) as Record<string, unknown>
      return hasFiles(files) && hasBatches(batches)
    },
    'a client with files and batches',
  ],
  endpoint: oneOf(
    '/v1/chat/completions',
    '/v1/responses',
    '/v1/embeddings',
    '/chat/completions',
    '/responses',
    '/embeddings',
  ),
  maxRequests: count,
  maxBytes: count,
  enqueuedTokens: count,
  tokensOf: aFunction,
  tokenLimitWaitMs: duration,
}
