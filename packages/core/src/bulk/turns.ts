/**
 * Lets one call start per turn of the event loop. Calls that start in the same turn advance in lockstep: no request leaves before the last
 * one is ready, all are answered at once, and so on. When calls start in successive turns, the first request leaves at once, and the
 * answers arrive at different times.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []
  #isUsed = false

  /** @returns a promise for the caller's turn; undefined if it can start now */
  take(): Promise<void> | undefined {
    if (this.#isUsed) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#isUsed = true
    setImmediate(this.#next)
    return undefined
  }

  readonly #next = (): void => {
    const next = this.#waiting.shift()
    if (!next) {
      this.#isUsed = false
      return
    }
    setImmediate(this.#next)
    next()
  }
}
