/**
 * Lets calls start one after the other, one per turn of the event loop. The first request then leaves at once, and the answers arrive at
 * different times. If many calls started in the same turn, the first request would leave only when the last one is ready, and all answers
 * would arrive together.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []
  #isUsed = false

  /** @returns undefined if the caller can start now, otherwise a promise that resolves when it can */
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
