import { readerOf, type BulkSource, type SourceReader } from './source.ts'
import type { Task } from './task.ts'

/** Items of a source at hand that are passed over before other things get their turn. */
const PASSED_OVER_AT_ONCE = 10_000

/** What a feed tells the one whom it feeds. */
export interface FeedListener<Item> {
  /** What is to be done for an item, if anything. What it throws ends the feed. */
  admit(item: Item): Task<Item> | undefined
  /** There is more, or there will be no more. */
  onChange(): void
  onFailure(error: unknown): void
}

/** Reads items one by one, never further ahead than it is told to; from a source at hand never ahead at all. */
export class Feed<Item> {
  readonly #listener: FeedListener<Item>
  readonly #reader: SourceReader<Item>
  readonly #queue: Task<Item>[] = []
  /** The source has been asked and has not answered. */
  #isReading = false
  #isExhausted = false
  #rest: ReturnType<typeof setTimeout> | undefined

  constructor(source: BulkSource<Item>, listener: FeedListener<Item>) {
    this.#reader = readerOf(source)
    this.#listener = listener
  }

  /** Nothing is left and nothing will come. */
  get isDone(): boolean {
    return this.#isExhausted && this.#queue.length === 0
  }

  /**
   * Whether nothing is left. Asks a source at hand, so call it only when nothing more is read.
   * @param count how many items came
   * @param total how many there are, where that is known
   */
  endsHere(count: number, total: number | undefined): boolean {
    if (this.#queue.length > 0) return false
    if (this.#isExhausted || (total !== undefined && count >= total)) return true
    if (!this.#reader.isSync) return false
    try {
      return (this.#reader.next() as IteratorResult<Item, unknown>).done === true
    } catch {
      return false
    }
  }

  /** The next item, if it is there. */
  take(): Task<Item> | undefined {
    const task = this.#queue.shift()
    if (task || !this.#reader.isSync || this.#rest) return task
    for (let passedOver = 0; !this.#isExhausted; passedOver++) {
      if (passedOver === PASSED_OVER_AT_ONCE) {
        this.#rest = setTimeout(() => {
          this.#rest = undefined
          this.#listener.onChange()
        })
        return undefined
      }
      let step: IteratorResult<Item, unknown>
      try {
        step = this.#reader.next() as IteratorResult<Item, unknown>
      } catch (error) {
        this.#isExhausted = true // A source that failed is over: it is not closed as well.
        this.#listener.onFailure(error)
        return undefined
      }
      const admitted = this.#admit(step)
      if (admitted) return admitted
    }
    return undefined
  }

  /** Asks for one more item, unless so many are read already. */
  readAhead(upTo: number): void {
    if (this.#reader.isSync || this.#isReading || this.#isExhausted || this.#queue.length >= upTo) return
    this.#isReading = true
    try {
      Promise.resolve(this.#reader.next()).then(this.#onStep, this.#onError)
    } catch (error) {
      this.#onError(error)
    }
  }

  /** Lets go of the source. One that owes an answer is told, and not waited for. */
  async close(): Promise<void> {
    clearTimeout(this.#rest)
    if (this.#isExhausted) return
    this.#isExhausted = true
    const closed = this.#reader.close()
    if (!this.#isReading) return closed
    closed.catch(() => undefined) // Nobody is left to hear of it.
  }

  readonly #onStep = (step: IteratorResult<Item, unknown>): void => {
    this.#isReading = false
    if (this.#isExhausted) return
    const task = this.#admit(step)
    if (task) this.#queue.push(task)
    this.#listener.onChange()
  }

  readonly #onError = (error: unknown): void => {
    this.#isReading = false
    if (this.#isExhausted) return
    this.#isExhausted = true
    this.#listener.onFailure(error)
    this.#listener.onChange()
  }

  #admit(step: IteratorResult<Item, unknown>): Task<Item> | undefined {
    if (step.done === true) {
      this.#isExhausted = true
      return undefined
    }
    try {
      return this.#listener.admit(step.value)
    } catch (error) {
      this.close().catch(() => undefined) // What made it end is told instead.
      this.#listener.onFailure(error)
      return undefined
    }
  }
}
