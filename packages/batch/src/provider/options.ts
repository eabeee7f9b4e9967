import { systemClock, type Clock } from '../clock.ts'
import { describeValue } from '@harbor/parts'
import { aClock, aFunction, count, duration, oneOf, validate, type Check } from '../validate.ts'
import type { ProviderBatchClient, ProviderBatchEndpoint } from './client.ts'
import { fileState } from './state-file.ts'
import { memoryState, type BatchStateStore } from './state-store.ts'

/** One request of a batch. */
export interface ProviderBatchRequest {
  /** Its `custom_id`: what its result is known by. */
  id: string
  /** What would be sent to the endpoint. All requests of a run must ask the same model. */
  body: object
}

export interface ProviderBatchOptions {
  /** An instance of `openai`, or whatever has its `files` and `batches`. */
  client: ProviderBatchClient
  /** What the requests are for: the url of each line. Azure's is without `/v1`. */
  endpoint: ProviderBatchEndpoint
  /**
   * Where the steps are kept, so that a new process goes on where another one stopped, and nothing is submitted twice: the path of a
   * file, or a store. One run at a time has it. @default in memory
   */
  state?: string | BatchStateStore | undefined
  /**
   * What an id that came before does: it ends the run with a DuplicateIdError, before its file is uploaded, or the request is left out. Ids
   * are all remembered for this. @default 'error'
   */
  onDuplicateId?: 'error' | 'skip' | undefined
  /** How many requests are in one file at most. @default 50_000 */
  maxRequests?: number | undefined
  /** How large one file is at most, in bytes. One file at a time is in memory. @default 200_000_000 */
  maxBytes?: number | undefined
  /** How many tokens may be enqueued at the provider at once, by all batches of this run. @default no limit */
  enqueuedTokens?: number | undefined
  /** How many tokens a request enqueues. @default a quarter of its bytes */
  tokensOf?: ((request: ProviderBatchRequest) => number) | undefined
  /** How many batches are under way at once. @default 20 */
  maxActiveBatches?: number | undefined
  /** How often a request is submitted again that expired or is missing. @default 2 */
  maxResubmits?: number | undefined
  /** How long to wait before the first look at a batch, in milliseconds. @default 5_000 */
  pollMs?: number | undefined
  /** Waits between looks grow to this while nothing changes, in milliseconds. @default 60_000 */
  maxPollMs?: number | undefined
  /** How long to wait after `token_limit_exceeded` when no batch of this run holds tokens; it doubles, in milliseconds. @default 60_000 */
  tokenLimitWaitMs?: number | undefined
  /** How often a call is tried that fails without a final answer (network, 408, 409, 429, 5xx). @default 8 */
  maxCallAttempts?: number | undefined
  /** Where time comes from. @default a monotonic clock and `setTimeout` */
  clock?: Clock | undefined
  /** Chance for jitter, from 0 to 1. @default Math.random */
  random?: (() => number) | undefined
}

export type ProviderBatchSettings = Required<{
  [Name in keyof Omit<ProviderBatchOptions, 'state' | 'tokensOf'>]: NonNullable<ProviderBatchOptions[Name]>
}> & { state: BatchStateStore; tokensOf: ((request: ProviderBatchRequest) => number) | undefined }

/** @throws TypeError for an option that is missing, does not exist or makes no sense */
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
