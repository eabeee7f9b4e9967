/**
 * How long no further connection is opened after a shortage has begun, in milliseconds. Doubled, up to MAX_MS, if opening fails again right
 * after that.
 */
const FIRST_MS = 1_000
const MAX_MS = 30_000

/**
 * Limits a pool to the connections that it has, for a while after another connection could not be opened for lack of a file descriptor, a
 * port or memory.
 *
 *     none ── a connection cannot be opened ─▶ limited to the open connections ── some time later ─▶ none
 *
 * No timer runs without a shortage.
 */
export class Shortage {
  /** The maximum number of connections; `Infinity` without a shortage. */
  limit = Infinity
  #waitMs = FIRST_MS
  #timer: NodeJS.Timeout | undefined
  #overSince = -Infinity
  readonly #onEnd: () => void

  /** @param onEnd called when another connection may be opened again */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  /** Begins a shortage, or lowers the limit during one. @param open the number of connections that the pool still has */
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
