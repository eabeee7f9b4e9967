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

export interface BulkOptions<Item> {
  /**
   * What names an item, for its result and in the journal. Trap: the default names it by its place, so with a journal the
   * source must not change between a run and its resumption. @default the index
   */
  id?: ((item: Item, index: number) => string) | undefined
  /**
   * What an id that came before does: it ends the run with a DuplicateIdError once what is under way has its result, or the
   * item is left out. Ids of your own are all remembered for this, at their characters and about 16 bytes each. @default 'error'
   */
  onDuplicateId?: 'error' | 'skip' | undefined
  /**
   * How many items are under way at most, retries and the writing of their record included; or a limit that changes, of which
   * each attempt takes a place. @default 64
   */
  concurrency?: number | ConcurrencyLimit | undefined
  /** Holds each attempt back until the provider's limits allow it. @default nothing holds it back */
  limiter?: RateLimiter | undefined
  /** What an item will take, in tokens, for the limiter. Called once for each. @default no tokens, one request */
  cost?: ((item: Item) => { input: number; output: number }) | undefined
  /**
   * Makes the attempts of an item: `createRetry(…).run` fits. The signal aborts with the run. Trap: switch off the retries of the
   * client inside `run`, or both multiply. @default one attempt
   */
  retry?: (<T>(operation: () => Promise<T>, options: { signal: AbortSignal }) => Promise<T>) | undefined
  /** Results as they come, or as the source has them. @default 'completion' */
  order?: 'completion' | 'input' | undefined
  /**
   * How many results are held at most, with `order: 'input'`, behind one that is missing or for a consumer that is slow; then no more are
   * begun. @default 1_024
   */
  reorderWindow?: number | undefined
  /** How many items are read from an asynchronous source before they can begin; 0 reads when there is room. @default as many as concurrency */
  readAhead?: number | undefined
  /**
   * Where results are kept, so that the run goes on after a crash: a path, or a journal from `openJournal()`, which the run closes when it
   * ends. Failures are not kept: they are called again when the run is resumed. Trap: a value must survive JSON, or its item fails.
   * @default nothing is kept
   */
  journal?: Journal | string | undefined
  /**
   * Stands for all that results depend on besides the item: prompt, model, version of the function. A journal made with another one, or
   * with none, is refused. @default none
   */
  fingerprint?: string | undefined
  /** Ends the run early; what is under way still gets its result. @default it goes on, however many fail */
  stopWhen?:
    | {
        /** This many failed. */
        failures?: number | undefined
        /** Of all results, this share failed: more than 0, at most 1. */
        failureRate?: number | undefined
        /** The rate is not looked at before there are this many results. @default 20 */
        minSamples?: number | undefined
      }
    | undefined
  /** Its abort ends the run at once, with its own reason. One listener, whatever the number of items. */
  signal?: AbortSignal | undefined
  /** How many items the source has, for the estimate of when the run ends. @default the length of an array */
  total?: number | undefined
  /** Where time comes from. @default a monotonic clock */
  clock?: Clock | undefined
}

type Defaulted = 'onDuplicateId' | 'concurrency' | 'order' | 'reorderWindow' | 'clock'

/** The options with their defaults. */
export type BulkSettings<Item> = BulkOptions<Item> &
  Required<{
    [Name in Defaulted]: NonNullable<BulkOptions<Item>[Name]>
  }>

/** @throws TypeError for an option that does not exist, makes no sense, or would do nothing */
export function bulkSettingsOf<Item>(options: BulkOptions<Item>): BulkSettings<Item> {
  validate(options, CHECKS)
  if (options.stopWhen) validate(options.stopWhen, STOP_CHECKS)
  if (options.reorderWindow !== undefined && options.order !== 'input')
    throw new TypeError("reorderWindow needs order: 'input'")
  if (options.cost && !options.limiter) throw new TypeError('cost needs limiter, which it is for')
  if (options.fingerprint !== undefined && options.journal === undefined)
    throw new TypeError('fingerprint needs journal, in which it is kept')
  return {
    ...options,
    onDuplicateId: options.onDuplicateId ?? 'error',
    concurrency: options.concurrency ?? 64,
    order: options.order ?? 'completion',
    reorderWindow: options.reorderWindow ?? 1_024,
    clock: options.clock ?? systemClock,
  }
}

/** Every item under way takes memory, so none of these may be without limit. */
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

/** @throws TypeError for what cannot be iterated */
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
