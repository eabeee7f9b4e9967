/** The maximum length of a cooldown, in milliseconds, so that a server cannot keep a target in cooldown forever. */
const MAX_COOLDOWN_MS = 24 * 60 * 60_000
const MAX_COOLDOWNS = 1_000

/**
 * Stores cooldowns, during which calls avoid something that has failed. Each has a key that stands for a refused credential, an exhausted
 * quota group, or a model that a provider does not have. If only targets in cooldown are left, a call uses one of them rather than fail.
 */
export class Cooldowns {
  readonly #cooldowns = new Map<string, { readonly until: number; readonly number: number }>()
  #started = 0

  /**
   * Starts a cooldown.
   * @param ms the length of the cooldown in milliseconds; a cooldown that already lasts longer is not shortened
   */
  start(key: string, ms: number, now: number): void {
    const running = this.#cooldowns.get(key)
    if (!running && this.#cooldowns.size >= MAX_COOLDOWNS) this.#makeRoom(now)
    const until = Math.max(running?.until ?? 0, now + Math.min(ms, MAX_COOLDOWN_MS))
    this.#cooldowns.set(key, { until, number: ++this.#started })
  }

  /**
   * Returns when the cooldown of a key ends, on the clock of `now`; 0 if there is none.
   * @param since a value of `started` that was read earlier: only cooldowns started after that are considered
   */
  until(key: string, now: number, since = 0): number {
    const cooldown = this.#cooldowns.get(key)
    if (cooldown === undefined) return 0
    if (cooldown.until > now) return cooldown.number > since ? cooldown.until : 0
    this.#cooldowns.delete(key)
    return 0
  }

  /** The number of cooldowns started so far. A later call of `until` takes it as `since`. */
  get started(): number {
    return this.#started
  }

  /** Whether no cooldown is stored. That is the usual case, in which callers can skip further checks. */
  get isEmpty(): boolean {
    return this.#cooldowns.size === 0
  }

  #makeRoom(now: number): void {
    for (const [key, { until }] of this.#cooldowns) if (until <= now) this.#cooldowns.delete(key)
    const [oldest] = this.#cooldowns.keys()
    if (this.#cooldowns.size >= MAX_COOLDOWNS && oldest !== undefined) this.#cooldowns.delete(oldest)
  }
}
