type Failure = { readonly error: unknown } | undefined

/**
 * Queues results for the consumer. Results that are queued when the run ends are still delivered, unless the run was aborted. The queue itself has no
 * limit: ItemFlow starts no items while too many results are queued.
 */
export class ResultQueue<Result> {
  /** The number of results delivered or discarded. */
  taken = 0
  readonly #onTaken: () => void
  #results: Result[] = []
  /** The index of the next result to deliver. */
  #head = 0
  readonly #waiting: PromiseWithResolvers<IteratorResult<Result, undefined>>[] = []
  #isDropping = false
  #ended: { failure?: Failure } | undefined

  constructor(onTaken: () => void) {
    this.#onTaken = onTaken
  }

  /** The number of results that wait for the consumer. */
  get size(): number {
    return this.#results.length - this.#head
  }

  get isDropping(): boolean {
    return this.#isDropping
  }

  /** Discards all results, the queued ones and later ones. Called when the run has no consumer. */
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

  /** Ends the queue. After the last queued result, `next()` rejects once with the failure, if there is one, and then resolves to `done`. */
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

/** Restores the order of the source: holds each result back until the results of all items that were started earlier are released. */
export class InputOrder<Result> {
  readonly #release: (result: Result) => void
  /** The results held back, by the start order of their items; undefined for an item without a result. */
  readonly #held = new Map<number, Result | undefined>()
  /** The start order of the next result to release. */
  #next = 0

  constructor(release: (result: Result) => void) {
    this.#release = release
  }

  /**
   * Adds the result of an item, and releases all results that are next in order.
   *
   * @param startOrder the number of items started before this one
   */
  put(startOrder: number, result: Result): void {
    this.#held.set(startOrder, result)
    this.#releaseInOrder()
  }

  /** Marks an item as having no result, so that later results do not wait for it. */
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
