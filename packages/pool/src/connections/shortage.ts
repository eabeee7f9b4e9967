/** How long no further connection is opened after one could not be; doubled while that goes on. */
const FIRST_MS = 1_000
const MAX_MS = 30_000

/**
 * Limits a pool to its open connections for a while after another could not be opened, for lack of a file descriptor, a port or memory.
 *
 *     none ── a connection cannot be opened ─▶ limited to the open connections ── some time later ─▶ none
 *
 * No timer runs without a shortage.
 */
export class Shortage {
  /** How many connections may be open; `Infinity` without a shortage. */
  limit = Infinity
  #waitMs = FIRST_MS
  #timer: NodeJS.Timeout | undefined
  #overSince = -Infinity
  readonly #onEnd: () => void

  /** @param onEnd called when opening a connection may be tried again */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** @param open the number of open connections */
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
