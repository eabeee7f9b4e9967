/**
 * Limits beside how many other items an item runs. Most have no limit; one that was in a killed worker runs beside few others or alone, so that the
 * item that kills workers is found, and those that ran beside it are not blamed.
 *
 * Items enter in the order in which they arrive, so that none waits for ever.
 */
export class Company {
  readonly #waiting: Waiter[] = []
  /** The limits of the running items that have one. */
  readonly #limits: number[] = []
  #size = 0

  /** The number of items that run. */
  get size(): number {
    return this.#size
  }

  /**
   * Waits until an item may run.
   *
   * @param limit the maximum number of items that run, this one included; `Infinity` for no limit
   * @param signal ends the wait; the promise then rejects with the reason of the signal
   * @returns a function to call when the item has ended
   */
  async enter(limit: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#waiting.length > 0 || !this.#fits(limit)) await this.#wait(limit, signal)
    else this.#add(limit)
    return () => {
      this.#size--
      if (limit !== Infinity) this.#limits.splice(this.#limits.indexOf(limit), 1)
      this.#admit()
    }
  }

  #wait(limit: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(signal.reason as Error)
        this.#admit()
      }
      const waiter: Waiter = {
        limit,
        admit: () => {
          signal.removeEventListener('abort', leave)
          resolve()
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.push(waiter)
    })
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting
      if (!next || !this.#fits(next.limit)) return
      this.#waiting.shift()
      this.#add(next.limit)
      next.admit()
    }
  }

  #add(limit: number): void {
    this.#size++
    if (limit !== Infinity) this.#limits.push(limit)
  }

  #fits(limit: number): boolean {
    return this.#size < Math.min(limit, ...this.#limits)
  }
}

interface Waiter {
  readonly limit: number
  readonly admit: () => void
}
