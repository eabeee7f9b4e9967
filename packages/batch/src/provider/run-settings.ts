import { systemClock, type Clock } from '../clock.ts'
import { aClock, aFunction, count, duration, having, oneOf, type Check } from '../validate.ts'
import type { ProviderBatchRequest } from './contracts.ts'
import { fileState } from './state/state-file.ts'
import { memoryState, type BatchStateStore } from './state/state-store.ts'

/** The options of a run that every vendor has. */
export interface RunOptions {
  /**
   * Where the progress of a run is stored: the path of a file, or a store. With the same state, a new process continues the run of an earlier
   * process, and submits nothing twice. Only one run at a time can use a state. @default in memory
   */
  state?: string | BatchStateStore | undefined
  /**
   * What happens when a request has the id of an earlier request. `'error'`: the run ends with a DuplicateIdError, before the batch with this request
   * is created. `'skip'`: the request is left out. All ids are held in memory for this. @default 'error'
   */
  onDuplicateId?: 'error' | 'skip' | undefined
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
   * The maximum number of attempts of a call to the provider, the first one included. A call is attempted again after a network error, and after
   * status 408, 409, 429 or 5xx. If the last attempt fails, the run ends with its error. @default 8
   */
  maxCallAttempts?: number | undefined
  /** The clock for times and waits. @default a monotonic clock and `setTimeout` */
  clock?: Clock | undefined
  /** Returns random numbers from 0 up to, but not including, 1, for the jitter of waits. @default Math.random */
  random?: (() => number) | undefined
}

/** The limits of one batch, which differ from vendor to vendor. */
export interface BatchLimits {
  maxRequests: number
  maxBytes: number
  /** The maximum number of tokens enqueued at the provider at once; Infinity for no limit. */
  enqueuedTokens: number
  tokensOf: ((request: ProviderBatchRequest) => number) | undefined
  tokenLimitWaitMs: number
}

export type RunSettings = Required<{
  [Name in keyof Omit<RunOptions, 'state'>]: NonNullable<RunOptions[Name]>
}> &
  BatchLimits & { state: BatchStateStore }

/** Adds the defaults to checked options. */
export function runSettings(options: RunOptions, limits: BatchLimits): RunSettings {
  const { state, pollMs = 5_000 } = options
  return {
    ...limits,
    state: typeof state === 'string' ? fileState(state) : (state ?? memoryState()),
    onDuplicateId: options.onDuplicateId ?? 'error',
    maxActiveBatches: options.maxActiveBatches ?? 20,
    maxResubmits: options.maxResubmits ?? 2,
    pollMs,
    maxPollMs: options.maxPollMs ?? Math.max(pollMs, 60_000),
    maxCallAttempts: options.maxCallAttempts ?? 8,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  }
}

const [isStore] = having('', 'read', 'append')

export const RUN_CHECKS: Readonly<Record<keyof RunOptions, Check>> = {
  state: [
    (value) => (typeof value === 'string' && value !== '') || isStore(value),
    'the path of a file or a store with read and append',
  ],
  onDuplicateId: oneOf('error', 'skip'),
  maxActiveBatches: count,
  maxResubmits: [
    (value) => Number.isInteger(value) && (value as number) >= 0,
    'a whole number of at least 0',
  ],
  pollMs: duration,
  maxPollMs: duration,
  maxCallAttempts: count,
  clock: aClock,
  random: aFunction,
}
