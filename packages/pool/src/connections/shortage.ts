/** How long a pool keeps to the connections it has after it could open no further one; doubled while it still cannot. */
const FIRST_MS = 1_000
const LONGEST_MS = 30_000

/**
 * The time after a connection could not be opened for want of a file descriptor, a port or memory.
 *
 *     none ── no further connection can be opened ─▶ keeping to those that are open ── some time later ─▶ none
 *
 * No timer runs at rest.
 */
export class Shortage {
  /** How many connections may be open meanwhile. */
  limit = Infinity
  #waitMs = FIRST_MS
  #timer: NodeJS.Timeout | undefined
  #overSince = -Infinity
  readonly #onEnd: () => void

  /** @param onEnd called when another connection may be tried */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** @param open how many connections there are */
  begin(open: number): void {
    this.limit = Math.max(1, open)
    if (this.#timer) return
    const isSameShortage = performance.now() - this.#overSince < this.#waitMs
    this.#waitMs = isSameShortage ? Math.min(2 * this.#waitMs, LONGEST_MS) : FIRST_MS
    this.#timer = setTimeout(() => {
      this.end()
      this.#onEnd()
    }, this.#waitMs).unref()
  }

  end(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.limit = Infinity
    this.#overSince = performance.now()
  }
}
