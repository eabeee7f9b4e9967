/** A lying server must not put a target to rest for ever. */
const LONGEST_MS = 24 * 60 * 60_000
const MOST_RESTS = 1_000

/**
 * What is left alone for a while, and until when: a credential that was refused, a group whose quota is used up, a
 * model that a provider does not have. Rests steer a call to another target; they never refuse one.
 */
export class Cooldowns {
  readonly #until = new Map<string, number>()

  /** A rest is never shortened by a later one. */
  rest(key: string, ms: number, now: number): void {
    const until = Math.max(this.#until.get(key) ?? 0, now + Math.min(ms, LONGEST_MS))
    if (this.#until.size >= MOST_RESTS) this.#makeRoom(now)
    this.#until.set(key, until)
  }

  /** Until when, on the same clock as `now`; 0 when it does not rest. */
  until(key: string, now: number): number {
    const until = this.#until.get(key)
    if (until === undefined) return 0
    if (until > now) return until
    this.#until.delete(key)
    return 0
  }

  /** Lets the common case cost nothing. */
  get empty(): boolean {
    return this.#until.size === 0
  }

  #makeRoom(now: number): void {
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key)
    const [oldest] = this.#until.keys()
    if (this.#until.size >= MOST_RESTS && oldest !== undefined) this.#until.delete(oldest)
  }
}
