type Failure = { readonly error: unknown } | undefined

/**
 * Queues results for the consumer. Results that are queued when the run ends are still delivered, unless it was aborted. The queue
 * itself is unbounded: the run starts no items while `size` is at its limit.
 */
export class ResultQueue<Result> {
  /** Results delivered so far. */
  taken = 0
  readonly #onTaken: () => void
  #results: Result[] = []
  /** Results before this index were delivered. */
  #head = 0
  readonly #waiting: PromiseWithResolvers<IteratorResult<Result, undefined>>[] = []
  #isDropping = false
  #ended: { failure?: Failure } | undefined

  constructor(onTaken: () => void) {
    this.#onTaken = onTaken
  }

  /** Results that wait for the consumer. */
  get size(): number {
    return this.#results.length - this.#head
  }

  get isDropping(): boolean {
    return this.#isDropping
  }

  /** There is no consumer: results are discarded as they come. */
  drop(): void {
    this.#isDropping = true
    this.clear()
  }

  clear(): void {
    this.taken += this.size
    this.#results = []
    this.#head = 0
  }

  put(result: Result): void {
    if (this.#isDropping) {
      this.taken++
      return
    }
    const consumer = this.#waiting.length > 0 ? this.#waiting.shift() : undefined
    if (!consumer) this.#results.push(result)
    else {
      this.taken++
      consumer.resolve({ done: false, value: result })
    }
  }

  next(): Promise<IteratorResult<Result, undefined>> {
    if (this.#head < this.#results.length) {
      const value = this.#results[this.#head] as Result
      this.#results[this.#head++] = undefined as Result
      if (this.#head === this.#results.length) {
        this.#results.length = 0
        this.#head = 0
      } else if (this.#head >= 1_024) {
        this.#results.splice(0, this.#head)
        this.#head = 0
      }
      this.taken++
      this.#onTaken()
      return Promise.resolve({ done: false, value })
    }
    if (this.#ended) return this.#end(this.#ended)
    const consumer = Promise.withResolvers<IteratorResult<Result, undefined>>()
    this.#waiting.push(consumer)
    return consumer.promise
  }

  /** No more results will come. A failure is thrown once, to the next call of `next()`, as iterators do. */
  end(failure?: Failure): void {
    this.#ended = { failure }
    // Several calls wait only if a consumer calls next() without awaiting: the first one gets the failure.
    for (const consumer of this.#waiting.splice(0)) {
      this.#end(this.#ended).then(consumer.resolve, consumer.reject)
    }
  }

  #end(ended: { failure?: Failure }): Promise<IteratorReturnResult<undefined>> {
    const { failure } = ended
    ended.failure = undefined
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- an abort's reason may be anything
    return failure ? Promise.reject(failure.error) : Promise.resolve({ done: true, value: undefined })
  }
}

/** Holds results back until the results of all items that were started before them are there. */
export class ReorderWindow<Result> {
  readonly #release: (result: Result) => void
  /** Results by start order; undefined for an item that has none. */
  readonly #held = new Map<number, Result | undefined>()
  /** The start order of the next result to release. */
  #next = 0

  constructor(release: (result: Result) => void) {
    this.#release = release
  }

  /** @param startOrder counted from 0, without gaps */
  put(startOrder: number, result: Result): void {
    this.#held.set(startOrder, result)
    this.#releaseInOrder()
  }

  /** This item will have no result: later ones do not wait for it. */
  skip(startOrder: number): void {
    this.#held.set(startOrder, undefined)
    this.#releaseInOrder()
  }

  #releaseInOrder(): void {
    while (this.#held.has(this.#next)) {
      const held = this.#held.get(this.#next)
      this.#held.delete(this.#next++)
      if (held !== undefined) this.#release(held)
    }
  }
}
