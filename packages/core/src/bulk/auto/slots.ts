/** Limits how many calls of a run are in flight at once. Those that wait start in the order in which they came. */
export class Slots {
  readonly #waiting: (() => void)[] = []
  #free: number

  /** @param count the number of calls at once, at least 1 */
  constructor(count: number) {
    this.#free = count
  }

  /** Waits for a slot. @returns undefined if one is free already */
  take(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free--
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Gives a slot back, to the call that waits longest. */
  release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}
