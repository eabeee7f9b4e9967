/**
 * Lets one begin in each turn of the event loop. Many that begin in the same turn are led a step at a time beside each other: no request
 * leaves before the last is ready, all are answered at once, and so on without end. One after the other, the first leaves at once, and
 * their answers come apart.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []
  #isTaken = false

  /** @returns when it is one's turn; nothing if that is now */
  take(): Promise<void> | undefined {
    if (this.#isTaken) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#isTaken = true
    setImmediate(this.#next)
    return undefined
  }

  readonly #next = (): void => {
    const next = this.#waiting.shift()
    if (!next) {
      this.#isTaken = false
      return
    }
    setImmediate(this.#next)
    next()
  }
}
