/**
 * The duration of the first shortage, in milliseconds. If opening a connection fails again soon after a shortage, the next one lasts twice
 * as long, up to MAX_MS.
 */
const FIRST_MS = 1_000
const MAX_MS = 30_000

/**
 * Prevents a pool from opening connections for a while, after one could not be opened for lack of a file descriptor, a port or memory.
 * During such a shortage, requests wait for the connections that are open.
 *
 *     none ── a connection cannot be opened ─▶ limited to the open connections ── some time later ─▶ none
 *
 * No timer runs without a shortage.
 */
export class Shortage {
  /** The maximum number of connections during a shortage; `Infinity` at other times. */
  limit = Infinity
  #waitMs = FIRST_MS
  #timer: NodeJS.Timeout | undefined
  #overSince = -Infinity
  readonly #onEnd: () => void

  /** @param onEnd called when the shortage is over, so that connections may be opened again */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** Begins a shortage, or lowers the limit of the current one. @param open the number of connections that the pool still has */
  begin(open: number): void {
    this.limit = Math.max(1, open)
    if (this.#timer) return
    const isSameShortage = performance.now() - this.#overSince < this.#waitMs
    this.#waitMs = isSameShortage ? Math.min(2 * this.#waitMs, MAX_MS) : FIRST_MS
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
