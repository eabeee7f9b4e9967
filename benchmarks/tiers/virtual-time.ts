interface Timer {
  readonly at: number
  readonly number: number
  readonly run: () => void
}

/** How often the event loop runs after each moment, so that what the moment has begun comes to rest. */
const TURNS = 4

/**
 * Replaces the timers and the clock of this process by a clock that moves only by `advance()`, from one timer to the next. So a day passes in seconds,
 * and each run gives the same result. Only for code without I/O.
 */
export class VirtualTime {
  #now = performance.now()
  #timers = new Map<number, Timer>()
  #count = 0
  readonly #setImmediate = setImmediate

  constructor() {
    const start = (run: (...given: unknown[]) => void, ms = 0, ...given: unknown[]): object => {
      const number = ++this.#count
      const at = this.#now + Math.max(0, Number.isFinite(ms) ? ms : 0)
      this.#timers.set(number, { at, number, run: () => run(...given) })
      const handle = { number, unref: () => handle, ref: () => handle, hasRef: () => false }
      return handle
    }
    const stop = (handle: { number?: number } | undefined): void => {
      if (handle?.number !== undefined) this.#timers.delete(handle.number)
    }
    Object.assign(globalThis, { setTimeout: start, clearTimeout: stop })
    performance.now = () => this.#now
  }

  /** Moves the time by this number of milliseconds, and runs what is due on the way. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms
    for (;;) {
      await this.#settled()
      const next = this.#next()
      if (!next || next.at > until) break
      this.#now = Math.max(this.#now, next.at)
      this.#timers.delete(next.number)
      next.run()
    }
    this.#now = until
    await this.#settled()
  }

  #next(): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers.values()) if (!next || timer.at < next.at) next = timer
    return next
  }

  async #settled(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await new Promise<void>((resolve) => this.#setImmediate(resolve))
  }
}
