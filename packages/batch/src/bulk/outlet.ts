/**
 * Where results wait for the one who takes them. Those that are there when the run ends are still given out, unless it
 * was aborted. It has no bound of its own: the runner begins nothing while `held` is at its bound.
 */
export class Outlet<Result> {
  /** Results taken so far. */
  taken = 0
  readonly #onTaken: () => void
  #results: Result[] = []
  /** Results before this place are taken. */
  #head = 0
  readonly #takers: PromiseWithResolvers<IteratorResult<Result, undefined>>[] = []
  #isDropping = false
  #ended: { failure?: { error: unknown } | undefined } | undefined

  constructor(onTaken: () => void) {
    this.#onTaken = onTaken
  }

  /** Results that wait. */
  get held(): number {
    return this.#results.length - this.#head
  }

  get isDropping(): boolean {
    return this.#isDropping
  }

  /** Nobody takes results: they are gone as soon as they come. */
  drop(): void {
    this.#isDropping = true
    this.clear()
  }

  clear(): void {
    this.taken += this.held
    this.#results = []
    this.#head = 0
  }

  put(result: Result): void {
    if (this.#isDropping) {
      this.taken++
      return
    }
    const taker = this.#takers.length > 0 ? this.#takers.shift() : undefined
    if (!taker) this.#results.push(result)
    else {
      this.taken++
      taker.resolve({ done: false, value: result })
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
    const taker = Promise.withResolvers<IteratorResult<Result, undefined>>()
    this.#takers.push(taker)
    return taker.promise
  }

  /** No more results come. The failure is thrown once, as an iterator does, to the one who asks for more. */
  end(failure?: { error: unknown }): void {
    this.#ended = { failure }
    // More than one waits only if somebody asks for many at once: the first is told.
    for (const taker of this.#takers.splice(0)) {
      this.#end(this.#ended).then(taker.resolve, taker.reject)
    }
  }

  #end(ended: { failure?: { error: unknown } | undefined }): Promise<IteratorReturnResult<undefined>> {
    const { failure } = ended
    ended.failure = undefined
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- an abort's reason may be anything
    return failure ? Promise.reject(failure.error) : Promise.resolve({ done: true, value: undefined })
  }
}
