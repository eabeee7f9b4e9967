import { systemClock, type Clock } from '../clock.ts'
import type { Journal } from '../journal/journal.ts'
import type { ConcurrencyLimit, RateLimiter } from '../limits/contracts.ts'
import { describeValue } from '@harbor/parts'
import {
  aClock,
  aFunction,
  aSignal,
  count,
  either,
  having,
  oneOf,
  validate,
  type Check,
} from '../validate.ts'

/** Options of `runBulk`. An option that would have no effect, such as `cost` without `limiter`, is a TypeError. */
export interface BulkOptions<Item> {
  /**
   * Returns the id that identifies an item in results and in the journal. Beware: the default is the item's position in the source, so with a journal
   * the source must not change between a run and its resumption. @default the index
   */
  id?: ((item: Item, index: number) => string) | undefined
  /**
   * What happens when an item has the id of an earlier item. `'error'`: the run ends with a DuplicateIdError once all items in flight have their
   * results. `'skip'`: the item is left out. To find duplicates, the run keeps all ids in memory: for each item, the length of its id plus about 16
   * bytes. @default 'error'
   */
  onDuplicateId?: 'error' | 'skip' | undefined
  /**
   * The maximum number of items in flight, at least 1. An item is in flight from its start until it has its result, including all waits and retries.
   * With a journal, it is in flight until its result is written. If this option is an adaptive limit (`createConcurrencyLimit`), each attempt takes
   * one of its slots. @default 64
   */
  concurrency?: number | ConcurrencyLimit | undefined
  /** A rate limiter, which delays each attempt until the provider's rate limits allow it. @default no limiter */
  limiter?: RateLimiter | undefined
  /** Returns the estimated tokens of one attempt at an item, for the `limiter`. Called once per attempt. @default no tokens, one request */
  cost?: ((item: Item) => { input: number; output: number }) | undefined
  /**
   * Runs the attempts of an item, such as `createRetry(…).run`. The signal that it receives aborts when the run is aborted, or when the run is
   * stopped while the item waits for its next attempt. Beware: turn off the retries of your SDK or HTTP client; otherwise both retry, and the numbers
   * of attempts multiply. @default one attempt
   */
  retry?: (<T>(operation: () => Promise<T>, options: { signal: AbortSignal }) => Promise<T>) | undefined
  /** The order of results: as items complete, or the order of the source. @default 'completion' */
  order?: 'completion' | 'input' | undefined
  /**
   * The maximum number of items, at least 1, that have started and whose results the consumer has not taken yet. At this number, no more items start.
   * Only for `order: 'input'`, which keeps a result in memory until all earlier results are delivered. @default 1_024
   */
  reorderWindow?: number | undefined
  /**
   * The maximum number of items read ahead from an asynchronous source, at least 0; 0 reads an item only when it can start. @default the concurrency
   */
  readAhead?: number | undefined
  /**
   * Where results are stored, so that the run can be resumed after a crash: a path, or a journal from `openJournal()`. The run closes the journal
   * when it ends. Failures are not stored: a resumed run calls the function again for these items. Beware: an item fails if JSON cannot represent its
   * result. @default no journal
   */
  journal?: Journal | string | undefined
  /**
   * A text that identifies everything, besides the item, on which results depend: the prompt, the model, the version of the function. If the journal
   * was made with another fingerprint, or without one, the run ends with a FingerprintMismatchError. @default none
   */
  fingerprint?: string | undefined
  /**
   * Stops the run when too many items have failed: at `failures` or at `failureRate`, whichever is reached first. Requests in flight are still
   * answered. Items that wait for a limit or for their next attempt get no result. @default the run continues, however many items fail
   */
  stopWhen?:
    | {
        /** The number of failed items at which the run stops, at least 1. Results from the journal do not count. @default no limit */
        failures?: number | undefined
        /**
         * The run stops when at least this fraction of its results are failures: more than 0, at most 1. Results from the journal do not count.
         * @default no limit
         */
        failureRate?: number | undefined
        /** The number of results that `failureRate` needs before it can stop the run, at least 1. Has no effect on `failures`. @default 20 */
        minSamples?: number | undefined
      }
    | undefined
  /**
   * A signal that ends the run at once, with the signal's reason. The run adds one listener to the signal, whatever the number of items. @default
   * none
   */
  signal?: AbortSignal | undefined
  /** The number of items in the source, for `etaMs` of `progress()`. @default the length of an array, Set or Map */
  total?: number | undefined
  /** The source of time. @default a monotonic clock */
  clock?: Clock | undefined
}

type Defaulted = 'onDuplicateId' | 'concurrency' | 'order' | 'reorderWindow' | 'clock'

/** The options with their defaults. */
export type BulkSettings<Item> = BulkOptions<Item> &
  Required<{
    [Name in Defaulted]: NonNullable<BulkOptions<Item>[Name]>
  }>

/**
 * Checks the options, and adds the defaults.
 *
 * @throws TypeError for an option that does not exist, makes no sense, or would do nothing
 */
export function bulkSettingsOf<Item>(options: BulkOptions<Item>): BulkSettings<Item> {
  validate(options, CHECKS)
  if (options.stopWhen) validate(options.stopWhen, STOP_CHECKS)
  if (options.reorderWindow !== undefined && options.order !== 'input')
    throw new TypeError("reorderWindow needs order: 'input'")
  if (options.cost && !options.limiter)
    throw new TypeError('cost has no effect without limiter: pass both, or neither')
  if (options.fingerprint !== undefined && options.journal === undefined)
    throw new TypeError('fingerprint has no effect without journal, which stores it: pass both, or neither')
  return {
    ...options,
    onDuplicateId: options.onDuplicateId ?? 'error',
    concurrency: options.concurrency ?? 64,
    order: options.order ?? 'completion',
    reorderWindow: options.reorderWindow ?? 1_024,
    clock: options.clock ?? systemClock,
  }
}

/** A check for options that limit the use of memory, and therefore cannot be `Infinity`. */
const finite: Check = [
  (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  'a whole number of at least 1',
]
const atLeastZero: Check = [
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  'a whole number of at least 0',
]

const CHECKS: Readonly<Record<keyof BulkOptions<unknown>, Check>> = {
  id: aFunction,
  onDuplicateId: oneOf('error', 'skip'),
  concurrency: either(finite, having('a concurrency limit', 'acquire')),
  limiter: having('a rate limiter', 'acquire'),
  cost: aFunction,
  retry: aFunction,
  order: oneOf('completion', 'input'),
  reorderWindow: finite,
  readAhead: atLeastZero,
  journal: either(
    [(value) => typeof value === 'string' && value !== '', 'a path'],
    having('a journal', 'append', 'begin', 'close'),
  ),
  fingerprint: [(value) => typeof value === 'string', 'a string'],
  stopWhen: [(value) => typeof value === 'object' && value !== null, 'an object'],
  signal: aSignal,
  total: atLeastZero,
  clock: aClock,
}

const STOP_CHECKS: Readonly<Record<keyof NonNullable<BulkOptions<unknown>['stopWhen']>, Check>> = {
  failures: count,
  failureRate: [
    (value) => typeof value === 'number' && value > 0 && value <= 1,
    'a number of more than 0 and at most 1',
  ],
  minSamples: count,
}

/** Checks that a source can be iterated. @throws TypeError if not */
export function checkSource(source: unknown): void {
  const {
    [Symbol.iterator]: sync,
    [Symbol.asyncIterator]: async,
    getReader,
  } = Object(source) as Record<PropertyKey, unknown>
  if (
    typeof source === 'string' ||
    ![sync, async, getReader].some((method) => typeof method === 'function')
  ) {
    throw new TypeError(
      `source must be an iterable, an async iterable or a ReadableStream, got ${describeValue(source)}`,
    )
  }
}
