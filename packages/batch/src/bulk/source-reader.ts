import type { Task } from './task.ts'

/**
 * The kinds of sources that a bulk run can read from: arrays and other iterables, async iterables, and web streams. A string is refused, although it
 * is iterable.
 */
export type BulkSource<Item> = Iterable<Item> | AsyncIterable<Item> | ReadableStream<Item>

/** The maximum number of items of a synchronous source that are skipped in a row before the event loop gets a turn. */
const MAX_SKIPPED_AT_ONCE = 10_000

export interface SourceReaderHost<Item> {
  /** Creates the task for an item, or returns undefined to skip the item. If this throws, reading ends. */
  admit(item: Item): Task<Item> | undefined
  /** Called when more items are queued, or the source has ended. */
  onChange(): void
  /** Called when the source has failed, as soon as no item that was read before is queued. */
  onFailure(error: unknown): void
}

/**
 * Reads a source one item at a time. Asynchronous sources are read ahead, up to the limit that the caller passes. Synchronous sources are read only
 * when an item can start.
 */
export class SourceReader<Item> {
  readonly #host: SourceReaderHost<Item>
  readonly #iterator: SourceIterator<Item>
  readonly #queue: Task<Item>[] = []
  /** Whether a call of the iterator's `next()` is pending. */
  #isReading = false
  #isExhausted = false
  /** The error of the source, while items that were read before it are queued. */
  #failure: { readonly error: unknown } | undefined
  #yieldTimer: ReturnType<typeof setTimeout> | undefined

  constructor(source: BulkSource<Item>, host: SourceReaderHost<Item>) {
    this.#iterator = iteratorOf(source)
    this.#host = host
  }

  /** Whether the source has ended and nothing is queued. */
  get isDone(): boolean {
    return this.#isExhausted && this.#queue.length === 0
  }

  /**
   * Whether no items are left. Call this only when no more items will be read, since it may consume one item of a synchronous source.
   *
   * @param count the number of items read so far
   * @param total the number of items in the source, if known
   */
  endsHere(count: number, total: number | undefined): boolean {
    if (this.#queue.length > 0) return false
    if (this.#isExhausted || (total !== undefined && count >= total)) return true
    if (!this.#iterator.isSync) return false
    try {
      return (this.#iterator.next() as IteratorResult<Item, unknown>).done === true
    } catch {
      return false
    }
  }

  /** Removes and returns the next task, if one is available now. */
  take(): Task<Item> | undefined {
    const task = this.#queue.shift()
    if (task && this.#queue.length === 0) this.#reportFailure()
    if (task || !this.#iterator.isSync || this.#yieldTimer) return task
    for (let skipped = 0; !this.#isExhausted; skipped++) {
      if (skipped === MAX_SKIPPED_AT_ONCE) {
        this.#yieldTimer = setTimeout(() => {
          this.#yieldTimer = undefined
          this.#host.onChange()
        })
        return undefined
      }
      let step: IteratorResult<Item, unknown>
      try {
        step = this.#iterator.next() as IteratorResult<Item, unknown>
      } catch (error) {
        this.#isExhausted = true // An iterator that has thrown is finished and must not be closed.
        this.#fail(error)
        return undefined
      }
      const admitted = this.#admit(step)
      if (admitted) return admitted
    }
    return undefined
  }

  /** Starts reading one more item of an asynchronous source, unless `limit` tasks are queued or a read is pending. */
  readAhead(limit: number): void {
    if (this.#iterator.isSync || this.#isReading || this.#isExhausted || this.#queue.length >= limit) return
    this.#isReading = true
    try {
      Promise.resolve(this.#iterator.next()).then(this.#onStep, this.#onError)
    } catch (error) {
      this.#onError(error)
    }
  }

  /** Closes the source. Resolves when the source is closed or, if a read is pending, at once: the source may then never close. */
  async close(): Promise<void> {
    clearTimeout(this.#yieldTimer)
    if (this.#isExhausted) return
    this.#isExhausted = true
    const closed = this.#iterator.close()
    if (!this.#isReading) return closed
    closed.catch(() => undefined) // The run has ended and can no longer report the error.
  }

  readonly #onStep = (step: IteratorResult<Item, unknown>): void => {
    this.#isReading = false
    if (this.#isExhausted) return
    const task = this.#admit(step)
    if (task) this.#queue.push(task)
    this.#host.onChange()
  }

  readonly #onError = (error: unknown): void => {
    this.#isReading = false
    if (this.#isExhausted) return
    this.#isExhausted = true
    this.#fail(error)
    this.#host.onChange()
  }

  #admit(step: IteratorResult<Item, unknown>): Task<Item> | undefined {
    if (step.done === true) {
      this.#isExhausted = true
      return undefined
    }
    try {
      return this.#host.admit(step.value)
    } catch (error) {
      this.close().catch(() => undefined) // The run reports the error that ended reading, not this one.
      this.#fail(error)
      return undefined
    }
  }

  #fail(error: unknown): void {
    this.#failure = { error }
    if (this.#queue.length === 0) this.#reportFailure()
  }

  #reportFailure(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure) this.#host.onFailure(failure.error)
  }
}

/** One interface for every kind of source. */
interface SourceIterator<Item> {
  /** Whether `next()` returns the item itself instead of a promise. */
  readonly isSync: boolean
  next(): IteratorResult<Item, unknown> | Promise<IteratorResult<Item, unknown>>
  /** Closes the source. Rejects with the error of the source if it fails to close. */
  close(): Promise<void>
}

function iteratorOf<Item>(source: BulkSource<Item>): SourceIterator<Item> {
  if (Symbol.asyncIterator in source) {
    const iterator = source[Symbol.asyncIterator]()
    return {
      isSync: false,
      next: () => iterator.next(),
      close: async () => {
        await iterator.return?.()
      },
    }
  }
  if (Symbol.iterator in source) {
    const iterator = source[Symbol.iterator]() as Iterator<Item, unknown>
    return {
      isSync: true,
      next: () => iterator.next(),
      close: async () => {
        iterator.return?.()
      },
    }
  }
  // In some browsers, streams cannot be iterated.
  const reader = (source as ReadableStream<Item>).getReader()
  return {
    isSync: false,
    next: () => reader.read(),
    close: async () => {
      await reader.cancel('the rest is not needed')
      reader.releaseLock()
    },
  }
}

/** Returns the number of items in an array, Set or Map; undefined for other sources. */
export function lengthOf(source: object): number | undefined {
  if (Array.isArray(source)) return source.length
  return source instanceof Set || source instanceof Map ? source.size : undefined
}
