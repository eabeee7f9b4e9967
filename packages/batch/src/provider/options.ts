import { systemClock, type Clock } from '../clock.ts'
import { describeValue } from '@harbor/parts'
import { aClock, aFunction, count, duration, oneOf, validate, type Check } from '../validate.ts'
import type { ProviderBatchClient, ProviderBatchEndpoint } from './client.ts'
import { fileState } from './state/state-file.ts'
import { memoryState, type BatchStateStore } from './state/state-store.ts'

/** One request of a batch: an id and a body. The endpoint is that of the run. */
export interface ProviderBatchRequest {
  /** The id of the request. It is sent as `custom_id`, and the result has the same id. Must be unique in the run: see `onDuplicateId`. */
  id: string
  /** The body, as it would be sent to the endpoint. All requests of a run must name the same model. */
  body: object
}

/** Options of `createProviderBatch`. `client` and `endpoint` are required. */
export interface ProviderBatchOptions {
  /** A client of the provider: an instance of `openai`, or any object with the same `files` and `batches`. */
  client: ProviderBatchClient
  /** The endpoint that answers all requests of a run. Endpoints of Azure have no `/v1`. */
  endpoint: ProviderBatchEndpoint
  /**
   * Where the progress of a run is stored: the path of a file, or a store. With the same state, a new process continues the run of an earlier
   * process, and submits nothing twice. Only one run at a time can use a state. @default in memory
   */
  state?: string | BatchStateStore | undefined
  /**
   * What happens when a request has the id of an earlier request. `'error'`: the run ends with a DuplicateIdError, before the file with this request
   * is uploaded. `'skip'`: the request is left out. All ids are held in memory for this. @default 'error'
   */
  onDuplicateId?: 'error' | 'skip' | undefined
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
  /** The maximum number of batches in progress at once, at least 1; further batches wait. @default 20 */
  maxActiveBatches?: number | undefined
  /**
   * The maximum number of times that an expired or missing request is submitted again; 0 for never. After that, its result is a BatchItemError.
   * @default 2
   */
  maxResubmits?: number | undefined
  /** The wait before the first poll of a new batch, in milliseconds, at least 0. @default 5_000 */
  pollMs?: number | undefined
  /**
   * The maximum wait between two polls, in milliseconds, at least 0. The wait grows from `pollMs` to this maximum while no status changes. @default
   * 60_000, or `pollMs` if that is longer
   */
  maxPollMs?: number | undefined
  /**
   * How long to wait after the provider has rejected a batch with `token_limit_exceeded`, before a batch is created again, in milliseconds. Applies
   * only if no batch of this run is in progress; otherwise the run waits until a batch ends, which frees tokens. The wait doubles with each further
   * rejection in a row, up to an hour. @default 60_000
   */
  tokenLimitWaitMs?: number | undefined
  /**
   * The maximum number of attempts of a call to the provider, the first one included. A call is attempted again after a network error, and after
   * status 408, 409, 429 or 5xx. If the last attempt fails, the run ends with its error. @default 8
   */
  maxCallAttempts?: number | undefined
  /** The clock for times and waits. @default a monotonic clock and `setTimeout` */
  clock?: Clock | undefined
  /** Returns random numbers from 0 up to, but not including, 1, for the jitter of waits. @default Math.random */
  random?: (() => number) | undefined
}

export type ProviderBatchSettings = Required<{
  [Name in keyof Omit<ProviderBatchOptions, 'state' | 'tokensOf'>]: NonNullable<ProviderBatchOptions[Name]>
}> & { state: BatchStateStore; tokensOf: ((request: ProviderBatchRequest) => number) | undefined }

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
  const { state } = options
  const { pollMs = 5_000 } = options
  return {
    client: options.client,
    endpoint: options.endpoint,
    state: typeof state === 'string' ? fileState(state) : (state ?? memoryState()),
    onDuplicateId: options.onDuplicateId ?? 'error',
    maxRequests: options.maxRequests ?? 50_000,
    maxBytes: options.maxBytes ?? 200_000_000,
    enqueuedTokens: options.enqueuedTokens ?? Infinity,
    tokensOf: options.tokensOf,
    maxActiveBatches: options.maxActiveBatches ?? 20,
    maxResubmits: options.maxResubmits ?? 2,
    pollMs,
    maxPollMs: options.maxPollMs ?? Math.max(pollMs, 60_000),
    tokenLimitWaitMs: options.tokenLimitWaitMs ?? 60_000,
    maxCallAttempts: options.maxCallAttempts ?? 8,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  }
}

const having = (value: unknown, ...methods: string[]): boolean =>
  methods.every(
    (method) => typeof (value as Record<string, unknown> | null | undefined)?.[method] === 'function',
  )

const CHECKS: Readonly<Record<keyof ProviderBatchOptions, Check>> = {
  client: [
    (value) => {
      const { files, batches } = (value ?? {}) as Record<string, unknown>
      return having(files, 'create', 'content') && having(batches, 'create', 'retrieve', 'cancel', 'list')
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
  state: [
    (value) => (typeof value === 'string' && value !== '') || having(value, 'read', 'append'),
    'the path of a file or a store with read and append',
  ],
  onDuplicateId: oneOf('error', 'skip'),
  maxRequests: count,
  maxBytes: count,
  enqueuedTokens: count,
  tokensOf: aFunction,
  maxActiveBatches: count,
  maxResubmits: [
    (value) => Number.isInteger(value) && (value as number) >= 0,
    'a whole number of at least 0',
  ],
  pollMs: duration,
  maxPollMs: duration,
  tokenLimitWaitMs: duration,
  maxCallAttempts: count,
  clock: aClock,
  random: aFunction,
}
