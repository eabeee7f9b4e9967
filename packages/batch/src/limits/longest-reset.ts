const SHORTEST_WINDOW_MS = 1_000
/** Resets are remembered for at least so long: a reset as long as the window is only seen at its beginning. */
const REMEMBERED_MS = 60_000

/** The window of a limit whose unit is not known: the longest reset seen lately. One that is never seen again is forgotten. */
export class LongestReset {
  #current = 0
  #previous = 0
  #since = -Infinity

  /** @returns the window, in milliseconds; undefined as long as nothing shows it */
  see(resetAfterMs: number | undefined, now: number): number | undefined {
    if (now - this.#since > Math.max(this.#current, REMEMBERED_MS)) {
      this.#previous = this.#current
      this.#current = 0
      this.#since = now
    }
    this.#current = Math.max(this.#current, resetAfterMs ?? 0)
    const longest = Math.max(this.#current, this.#previous)
    return longest > 0 ? Math.max(SHORTEST_WINDOW_MS, longest) : undefined
  }
}
