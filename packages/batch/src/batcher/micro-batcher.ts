import { show } from '../validate.ts'
import { Batch } from './batch.ts'
import { BatchQueue } from './batch-queue.ts'
import { BatcherClosedError } from './batcher-closed-error.ts'
import type { Batcher } from './batcher.ts'
import type { Caller, Entry } from './entry.ts'
import { measure } from './measure.ts'
import { checkAddOptions, type AddOptions, type BatcherSettings } from './options.ts'
import { QueueFullError } from './queue-full-error.ts'
import { runBatch, type RunBatch, type Settle } from './run-batch.ts'
import { SharedAborts } from './shared-aborts.ts'
import type { BatcherStats } from './stats.ts'

/** Leads entries from the queue through the function to their callers. */
export class MicroBatcher<Item, Result> implements Batcher<Item, Result> {
  readonly #run: RunBatch<Item, Result>
  readonly #settings: BatcherSettings<Item>
  readonly #queue: BatchQueue<Item, Result>
  readonly #running = new Set<Batch<Item, Result>>()
  /** Entries that another add may share, by partition and key. */
  readonly #shareable = new Map<string, Entry<Item, Result>>()
  readonly #aborts = new SharedAborts<Caller<Item, Result>>((caller, reason) => this.#leave(caller, reason))
  readonly #counts = {
    adds: 0,
    succeeded: 0,
    failed: 0,
    aborted: 0,
    refused: 0,
    shared: 0,
    batches: 0,
    items: 0,
  }
  #order = 0
  #closed = false
  #startIsPlanned = false

  constructor(run: RunBatch<Item, Result>, settings: BatcherSettings<Item>) {
    this.#run = run
    this.#settings = settings
    this.#queue = new BatchQueue(settings, () => this.#start())
  }

  add(item: Item, options?: AddOptions): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#counts.adds++
      if (options?.signal?.aborted) {
        this.#counts.aborted++
        reject(options.signal.reason as Error)
        return
      }
      try {
        this.#admit(item, options, resolve, reject)
      } catch (error) {
        this.#counts.refused++
        throw error // A promise that is being made rejects with it.
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
    this.#queue.releaseUpTo(this.#order)
    this.#start()
    return all
  }

  async close(mode: 'drain' | 'abort' = 'drain'): Promise<void> {
    if ((mode as unknown) !== 'drain' && mode !== 'abort') {
      throw new TypeError(`mode must be one of "drain", "abort", got ${show(mode)}`)
    }
    this.#closed = true
    if (mode === 'abort') {
      const error = new BatcherClosedError()
      for (const { callers } of [...this.#unsettled()])
        for (const caller of [...callers]) this.#leave(caller, error)
    }
    await this.flush()
  }

  stats(): BatcherStats {
    const { items, ...counts } = this.#counts
    const { adds, succeeded, failed, aborted, refused, batches } = counts
    return {
      ...counts,
      pending: adds - succeeded - failed - aborted - refused,
      meanBatchSize: batches === 0 ? 0 : items / batches,
      waitingItems: this.#queue.waiting,
      queuedItems: this.#queue.size,
      queuedBytes: this.#queue.bytes,
      runningBatches: this.#running.size,
    }
  }

  #admit(
    item: Item,
    options: AddOptions | undefined,
    resolve: (result: Result) => void,
    reject: (error: unknown) => void,
  ): void {
    if (this.#closed) throw new BatcherClosedError()
    if (options) checkAddOptions(options)
    const { signal, priority = 0 } = options ?? {}
    const { partition: partitionOf, key: keyOf, clock } = this.#settings
    const partition = partitionOf ? partitionOf(item) : ''
    const key = keyOf && JSON.stringify([partition, keyOf(item)])
    const shared = key === undefined ? undefined : this.#shareable.get(key)
    if (shared) {
      this.#counts.shared++
      this.#join({ entry: shared, signal, resolve, reject })
      return
    }
    const entry: Entry<Item, Result> = {
      item,
      partition,
      key,
      priority,
      ...measure(item, this.#settings),
      addedAtMs: clock.now(),
      order: ++this.#order,
      state: 'queued',
      batch: undefined,
      callers: [],
      onSettled: undefined,
      previous: undefined,
      next: undefined,
    }
    this.#makeRoomFor(entry)
    if (key !== undefined) this.#shareable.set(key, entry)
    this.#join({ entry, signal, resolve, reject })
    this.#queue.add(entry)
    if (this.#settings.eager) this.#startSoon()
    else this.#start()
  }

  /** A full queue goes on at once, batches filled or not. @throws QueueFullError if that is not enough and adds may not wait */
  #makeRoomFor(entry: Entry<Item, Result>): void {
    if (!this.#queue.isFullFor(entry)) return
    this.#queue.releaseUpTo(entry.order - 1)
    this.#start()
    if (this.#settings.whenFull === 'reject' && this.#queue.isFullFor(entry)) {
      throw new QueueFullError(this.#queue.size, this.#queue.bytes)
    }
  }

  /** Begins batches while some are ready and may be under way. */
  #start(): void {
    while (this.#running.size < this.#settings.maxConcurrentBatches) {
      const entries = this.#queue.take()
      if (!entries) return
      const batch = new Batch(entries, ++this.#counts.batches)
      this.#counts.items += entries.length
      this.#running.add(batch)
      void runBatch(batch, this.#run, this.#settings.onBatchError, this.#settle).then(() => {
        this.#running.delete(batch)
        this.#start()
      })
    }
  }

  /** Begins when the code that is running now has added all that it has. */
  #startSoon(): void {
    if (this.#startIsPlanned) return
    this.#startIsPlanned = true
    queueMicrotask(() => {
      this.#startIsPlanned = false
      this.#start()
    })
  }

  #join(caller: Caller<Item, Result>): void {
    caller.entry.callers.push(caller)
    this.#aborts.watch(caller)
  }

  /** Rejects one add; the item goes on for those who are left. */
  #leave(caller: Caller<Item, Result>, reason: unknown): void {
    const { entry } = caller
    this.#aborts.unwatch(caller)
    this.#counts.aborted++
    caller.reject(reason)
    entry.callers = entry.callers.filter((other) => other !== caller)
    if (entry.callers.length > 0) return
    if (entry.batch) entry.batch.abandoned(reason)
    else this.#queue.remove(entry)
    this.#finish(entry)
    this.#start() // Others may have got room.
  }

  readonly #settle: Settle<Item, Result> = {
    resolve: (entry, result) => {
      this.#end(entry, 'succeeded', (caller) => caller.resolve(result))
    },
    reject: (entry, error) => {
      this.#end(entry, 'failed', (caller) => caller.reject(error))
    },
  }

  #end(
    entry: Entry<Item, Result>,
    outcome: 'succeeded' | 'failed',
    tell: (caller: Caller<Item, Result>) => void,
  ): void {
    if (entry.state === 'settled') return // Everybody had left.
    for (const caller of entry.callers) {
      this.#aborts.unwatch(caller)
      this.#counts[outcome]++
      tell(caller)
    }
    entry.batch?.settled()
    this.#finish(entry)
  }

  #finish(entry: Entry<Item, Result>): void {
    entry.state = 'settled'
    if (entry.key !== undefined && this.#shareable.get(entry.key) === entry) this.#shareable.delete(entry.key)
    for (const onSettled of entry.onSettled ?? []) onSettled()
  }

  *#unsettled(): Generator<Entry<Item, Result>, void, undefined> {
    yield* this.#queue
    for (const { entries } of this.#running)
      for (const entry of entries) if (entry.state !== 'settled') yield entry
  }
}
