import { DeadlineTimer } from '../deadline-timer.ts'
import type { Entry } from './entry.ts'
import type { BatcherSettings } from './options.ts'
import { PriorityQueue, type Queueable } from '../priority-queue.ts'

/** The queued entries whose items have the same `partition`. The object is deleted when its last entry leaves. */
interface Partition<Item, Result> extends Queueable<Partition<Item, Result>> {
  readonly name: string
  readonly entries: PriorityQueue<Entry<Item, Result>>
  bytes: number
  tokens: number
  /**
   * The `order` of the latest entry that has waited for `maxWaitMs`; 0 at first. The partition is ready while the `order` of its oldest entry is not
   * higher.
   */
  dueUpTo: number
  isReady: boolean
}

/**
 * Groups entries into batches by partition, and decides when a batch may be sent. A partition is ready:
 * - when its entries fill a batch;
 * - when its oldest entry has waited for `maxWaitMs`, or was released by `releaseUpTo`;
 * - always, with the option `eager`.
 *
 * When the queue is full, further entries wait outside it until there is room.
 */
export class BatchQueue<Item, Result> {
  readonly #settings: BatcherSettings<Item>
  readonly #partitions = new Map<string, Partition<Item, Result>>()
  /** The partition of the last entry added. The next entry usually belongs to the same partition, and then needs no look-up. */
  #latest: Partition<Item, Result> | undefined
  readonly #ready = new PriorityQueue<Partition<Item, Result>>()
  readonly #waiting = new PriorityQueue<Entry<Item, Result>>()
  readonly #timer: DeadlineTimer
  /** The `order` passed to the latest `releaseUpTo`: entries up to it no longer wait for their batch to fill. */
  #releasedUpTo = 0
  #size = 0
  #bytes = 0

  /** @param onDue called when a partition has become ready because its oldest entry has waited for `maxWaitMs` */
  constructor(settings: BatcherSettings<Item>, onDue: () => void) {
    this.#settings = settings
    this.#timer = new DeadlineTimer(settings.clock, (atMs) => {
      for (const partition of this.#partitions.values()) {
        const oldest = oldestOf(partition)
        if (oldest && oldest.added.atMs + settings.maxWaitMs <= atMs) partition.dueUpTo = oldest.order
        this.#update(partition)
      }
      onDue()
    })
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#bytes
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether `take()` would return a batch. */
  get hasReady(): boolean {
    return this.#ready.size > 0
  }

  /** Whether an entry would have to wait for room, because the queue is full or because entries of the same or a higher priority already wait. */
  isFullFor(entry: Pick<Entry<Item, Result>, 'bytes' | 'priority'>): boolean {
    if (!this.#hasRoom(entry)) return true
    return this.#waiting.size > 0 && (this.#waiting.first?.priority ?? -Infinity) >= entry.priority
  }

  /**
   * Queues an entry or, if the queue is full, lets it wait for room. While entries wait for room, the queued entries do not wait for their batch to
   * fill, since the queue would stay full in the meantime.
   *
   * @param isFull the result of `isFullFor`
   */
  add(entry: Entry<Item, Result>, isFull: boolean): void {
    if (isFull) {
      entry.state = 'waiting'
      this.#waiting.push(entry)
    } else this.#enqueue(entry)
    if (this.#waiting.size > 0) this.releaseUpTo(entry.order)
  }

  /** Removes an entry that is queued or waits for room. */
  remove(entry: Entry<Item, Result>): void {
    if (entry.state === 'waiting') this.#waiting.remove(entry)
    else {
      const partition = this.#partitions.get(entry.partition)
      if (!partition) return
      this.#takeOut(entry, partition)
      this.#update(partition)
    }
    this.#admit()
  }

  /**
   * Removes the next ready batch from the queue and returns it. The batch comes from the partition with the highest priority. If several have this
   * priority, it comes from the one that has been ready longest.
   */
  take(): Entry<Item, Result>[] | undefined {
    const partition = this.#ready.first
    if (!partition) return undefined
    const { maxBatchSize, maxBatchBytes, maxBatchTokens } = this.#settings
    const batch: Entry<Item, Result>[] = []
    let bytes = 0
    let tokens = 0
    for (let entry = partition.entries.first; entry; entry = partition.entries.first) {
      bytes += entry.bytes
      tokens += entry.tokens
      if (
        batch.length > 0 &&
        (batch.length >= maxBatchSize || bytes > maxBatchBytes || tokens > maxBatchTokens)
      )
        break
      partition.entries.shift()
      this.#forget(entry, partition)
      batch.push(entry)
    }
    // A partition with entries left goes to the end, so that one busy partition does not starve the others.
    this.#ready.remove(partition)
    partition.isReady = false
    this.#update(partition)
    this.#admit()
    return batch
  }

  /**
   * Releases all entries with an `order` up to this one: they no longer wait for their batch to fill.
   *
   * @param order at least as high as in earlier calls
   */
  releaseUpTo(order: number): void {
    this.#releasedUpTo = order
    if (this.#ready.size === this.#partitions.size) return
    for (const partition of this.#partitions.values()) this.#update(partition)
  }

  *[Symbol.iterator](): Generator<Entry<Item, Result>, void, undefined> {
    for (const { entries } of this.#partitions.values()) yield* entries
    yield* this.#waiting
  }

  #hasRoom({ bytes }: { readonly bytes: number }): boolean {
    if (this.#size === 0) return true
    return this.#size < this.#settings.maxQueueItems && this.#bytes + bytes <= this.#settings.maxQueueBytes
  }

  #admit(): void {
    for (let entry = this.#waiting.first; entry && this.#hasRoom(entry); entry = this.#waiting.first) {
      this.#waiting.remove(entry)
      this.#enqueue(entry)
    }
  }

  #enqueue(entry: Entry<Item, Result>): void {
    entry.state = 'queued'
    const partition = this.#partitionOf(entry.partition)
    partition.entries.push(entry)
    partition.bytes += entry.bytes
    partition.tokens += entry.tokens
    this.#size++
    this.#bytes += entry.bytes
    if (this.#changesNothing(partition, entry)) return
    this.#update(partition)
  }

  #partitionOf(name: string): Partition<Item, Result> {
    if (this.#latest?.name === name) return this.#latest
    let partition = this.#partitions.get(name)
    if (!partition) {
      partition = newPartition(name)
      this.#partitions.set(name, partition)
    }
    return (this.#latest = partition)
  }

  /**
   * Whether `#update` can be skipped after an entry was added, since neither the oldest entry of the partition nor its readiness has changed. True
   * for most entries: they join others that wait for their batch to fill.
   */
  #changesNothing(partition: Partition<Item, Result>, { priority, order }: Entry<Item, Result>): boolean {
    if (partition.isReady) return priority <= partition.priority
    const { eager, maxBatchSize, maxBatchBytes, maxBatchTokens } = this.#settings
    const { size } = partition.entries
    return (
      size > 1 &&
      size < maxBatchSize &&
      partition.bytes < maxBatchBytes &&
      partition.tokens < maxBatchTokens &&
      order > this.#releasedUpTo &&
      !eager
    )
  }

  #takeOut(entry: Entry<Item, Result>, partition: Partition<Item, Result>): void {
    partition.entries.remove(entry)
    this.#forget(entry, partition)
  }

  #forget(entry: Entry<Item, Result>, partition: Partition<Item, Result>): void {
    partition.bytes -= entry.bytes
    partition.tokens -= entry.tokens
    this.#size--
    this.#bytes -= entry.bytes
  }

  /** Updates `#ready`, `#partitions` and the timer after a change in a partition. */
  #update(partition: Partition<Item, Result>): void {
    const { first } = partition.entries
    const oldest = oldestOf(partition)
    const isReady = oldest !== undefined && this.#isReady(partition, oldest)
    if (partition.isReady && (!isReady || first?.priority !== partition.priority)) {
      this.#ready.remove(partition)
      partition.isReady = false
    }
    if (isReady && first && !partition.isReady) {
      partition.priority = first.priority
      partition.isReady = true
      this.#ready.push(partition)
    }
    if (!oldest) {
      this.#partitions.delete(partition.name)
      if (this.#latest === partition) this.#latest = undefined
    }
    if (this.#size === 0) this.#timer.clear()
    else if (oldest && !isReady) this.#timer.fireBy(oldest.added.atMs + this.#settings.maxWaitMs)
  }

  #isReady(partition: Partition<Item, Result>, oldest: Entry<Item, Result>): boolean {
    const { eager, maxBatchSize, maxBatchBytes, maxBatchTokens } = this.#settings
    return (
      eager ||
      partition.entries.size >= maxBatchSize ||
      partition.bytes >= maxBatchBytes ||
      partition.tokens >= maxBatchTokens ||
      oldest.order <= Math.max(this.#releasedUpTo, partition.dueUpTo)
    )
  }
}

function newPartition<Item, Result>(name: string): Partition<Item, Result> {
  return {
    name,
    entries: new PriorityQueue(),
    bytes: 0,
    tokens: 0,
    dueUpTo: 0,
    isReady: false,
    priority: 0,
    previous: undefined,
    next: undefined,
  }
}

/**
 * Returns the entry that was added first. Only the first entry of each priority is compared, since the entries of one priority are in the order in
 * which they were added.
 */
function oldestOf<Item, Result>({ entries }: Partition<Item, Result>): Entry<Item, Result> | undefined {
  return entries.firstByMinimum(orderOf)
}

const orderOf = ({ order }: { readonly order: number }): number => order
