/** Holds results back until those before them are there. */
export class ReorderWindow<Result> {
  readonly #release: (result: Result) => void
  readonly #held = new Map<number, Result>()
  /** The turn of the next result to be let go. */
  #next = 0

  constructor(release: (result: Result) => void) {
    this.#release = release
  }

  get held(): number {
    return this.#held.size
  }

  /** @param turn turns are counted from 0, none is left out */
  put(turn: number, result: Result): void {
    this.#held.set(turn, result)
    for (let held = this.#held.get(this.#next); held !== undefined; held = this.#held.get(this.#next)) {
      this.#held.delete(this.#next++)
      this.#release(held)
    }
  }
}
