import { describeValue } from '@harbor/parts'
import { Batch, runBatch, type RunBatch } from './run-batch.ts'
import { BatchQueue } from './batch-queue.ts'
import type { Batcher, BatcherStats } from './batcher.ts'
import { BatcherClosedError } from './errors.ts'
import { Callers } from './callers.ts'
import type { Entry, SharedTime } from './entry.ts'
import { sizeOfItem } from './item-size.ts'
import { checkAddOptions, type AddOptions, type BatcherSettings } from './options.ts'
import { QueueFullError } from '../errors.ts'

/** The batcher behind `createBatcher()`. It queues items, passes batches of them to the user's function, and returns the results to the callers. */
export class MicroBatcher<Item, Result> implements Batcher<Item, Result> {
  readonly #run: RunBatch<Item, Result>
  readonly #settings: BatcherSettings<Item>
  readonly #queue: BatchQueue<Item, Result>
  readonly #running = new Set<Batch<Item, Result>>()
  readonly #callers = new Callers<Item, Result>((entry, reason) => {
    if (entry.batch) entry.batch.abandoned(reason)
    else {
      this.#queue.remove(entry)
      this.#start() // Entries that waited for room may have been queued.
    }
  })
  readonly #counts = { adds: 0, refused: 0, shared: 0, batches: 0 }
  #batchedItems = 0
  /** The `order` of the latest entry. */
  #latest = 0
  #closed = false
  #startIsPlanned = false
  /** The time that was last read from the clock, shared by all adds of the same synchronous code; undefined after that code. */
  #time: SharedTime | undefined
  readonly #forgetTime = (): void => {
    this.#time = undefined
  }

  constructor(run: RunBatch<Item, Result>, settings: BatcherSettings<Item>) {
    this.#run = run
    this.#settings = settings
    this.#queue = new BatchQueue(settings, () => this.#start())
  }

  add(item: Item, options?: AddOptions): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#counts.adds++
      try {
        this.#add(item, options, resolve, reject)
      } catch (error) {
        this.#counts.refused++
        throw error // Throwing inside the executor rejects the promise.
      }
    })
  }

  flush(): Promise<void> {
    const unsettled = [...this.#unsettled()]
    const all = new Promise<void>((resolve) => {
      let left = unsettled.length
      if (left === 0) resolve()
      const onSettled = (): void => (--left === 0 ? resolve() : undefined)
      for (const entry of unsettled) (entry.onSettled ??= []).push(onSettled)
    })
    this.#queue.releaseUpTo(this.#latest)
    this.#start()
    return all
  }

  async close(mode: 'drain' | 'abort' = 'drain'): Promise<void> {
    if ((mode as unknown) !== 'drain' && mode !== 'abort') {
      throw new TypeError(`mode must be one of "drain", "abort", got ${describeValue(mode)}`)
    }
    this.#closed = true
    if (mode === 'abort') {
      const error = new BatcherClosedError()
      for (const entry of [...this.#unsettled()]) this.#callers.leaveAll(entry, error)
    }
    await this.flush()
  }

  stats(): BatcherStats {
    const { adds, refused, batches } = this.#counts
    const { succeeded, failed, aborted } = this.#callers.counts
    return {
      ...this.#counts,
      ...this.#callers.counts,
      pending: adds - succeeded - failed - aborted - refused,
      meanBatchSize: batches === 0 ? 0 : this.#batchedItems / batches,
      waitingItems: this.#queue.waiting,
      queuedItems: this.#queue.size,
      queuedBytes: this.#queue.bytes,
      runningBatches: this.#running.size,
    }
  }

  #add(
    item: Item,
    options: AddOptions | undefined,
    resolve: (result: Result) => void,
    reject: (error: unknown) => void,
  ): void {
    if (this.#closed) throw new BatcherClosedError()
    if (options) checkAddOptions(options)
    const signal = options?.signal
    const priority = options?.priority ?? 0
    if (signal?.aborted) {
      this.#callers.counts.aborted++
      reject(signal.reason)
      return
    }
    const { partition: partitionOf, key: keyOf } = this.#settings
    const partition = partitionOf ? partitionOf(item) : ''
    const key = keyOf && JSON.stringify([partition, keyOf(item)])
    const shared = key === undefined ? undefined : this.#callers.shared(key)
    if (shared) {
      this.#counts.shared++
      this.#callers.join(shared, { entry: shared, signal, resolve, reject })
      return
    }
    const { bytes, tokens } = sizeOfItem(item, this.#settings)
    this.#enter({
      entry: undefined,
      signal,
      resolve,
      reject,
      item,
      partition,
      key,
      bytes,
      tokens,
      priority,
      added: this.#now(),
      order: ++this.#latest,
      state: 'queued',
      batch: undefined,
      caller: undefined,
      others: undefined,
      onSettled: undefined,
      previous: undefined,
      next: undefined,
    })
  }

  #enter(entry: Entry<Item, Result>): void {
    let isFull = this.#queue.isFullFor(entry)
    if (isFull) {
      // A full queue sends its batches at once, whether or not they are full.
      this.#queue.releaseUpTo(entry.order - 1)
      this.#start()
      isFull = this.#queue.isFullFor(entry)
      if (isFull && this.#settings.whenFull === 'reject') {
        throw new QueueFullError(this.#queue.size, this.#queue.bytes)
      }
    }
    this.#callers.enter(entry)
    this.#queue.add(entry, isFull)
    if (this.#settings.eager) this.#startSoon()
    else if (this.#queue.hasReady) this.#start()
  }

  /** Starts batches while some are ready and `maxConcurrentBatches` allows it. */
  #start(): void {
    while (this.#running.size < this.#settings.maxConcurrentBatches) {
      const entries = this.#queue.take()
      if (!entries) return
      const batch = new Batch(entries, ++this.#counts.batches)
      this.#batchedItems += entries.length
      this.#running.add(batch)
      void runBatch(batch, this.#run, this.#settings.onBatchError, this.#callers).then(() => {
        this.#running.delete(batch)
        this.#start()
      })
    }
  }

  /**
   * Returns the current time. All adds of the same synchronous code share one reading of the clock, since a reading takes a third of the time of an
   * add.
   */
  #now(): SharedTime {
    if (this.#time) return this.#time
    queueMicrotask(this.#forgetTime)
    return (this.#time = { atMs: this.#settings.clock.now() })
  }

  /** Starts batches once the current code, and all code that awaits a settled promise, has had the chance to add more items. */
  #startSoon(): void {
    if (this.#startIsPlanned) return
    this.#startIsPlanned = true
    afterPromises(() => {
      this.#startIsPlanned = false
      this.#start()
    })
  }

  *#unsettled(): Generator<Entry<Item, Result>, void, undefined> {
    yield* this.#queue
    for (const { entries } of this.#running)
      for (const entry of entries) if (entry.state !== 'settled') yield entry
  }
}

/**
 * Runs a function after the callbacks of all promises that are already settled. DataLoader does the same
 * (https://github.com/graphql/dataloader#batch-scheduling). Where `process.nextTick` exists, no timer is needed.
 */
function afterPromises(run: () => void): void {
  queueMicrotask(() => {
    // Browsers have no `process`, although the types declare one.
    const { process } = globalThis as { process?: { nextTick?: (run: () => void) => void } }
    // A tick scheduled in a microtask runs when the microtask queue is empty.
    if (typeof process?.nextTick === 'function') process.nextTick(run)
    else setTimeout(run, 0)
  })
}
