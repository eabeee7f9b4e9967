/** Holds results back until those before them are there. */
export class ReorderWindow<Result> {
  readonly #release: (result: Result) => void
  /** Undefined for a turn that has no result. */
  readonly #held = new Map<number, Result | undefined>()
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
    this.#releaseInTurn()
  }

  /** No result will come for this turn, and those behind it do not wait for one. */
  skip(turn: number): void {
    this.#held.set(turn, undefined)
    this.#releaseInTurn()
  }

  #releaseInTurn(): void {
    while (this.#held.has(this.#next)) {
      const held = this.#held.get(this.#next)
      this.#held.delete(this.#next++)
      if (held !== undefined) this.#release(held)
    }
  }
}
