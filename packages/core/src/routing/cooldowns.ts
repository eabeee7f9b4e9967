/** A lying server must not put a target to rest for ever. */
const LONGEST_MS = 24 * 60 * 60_000
const MOST_RESTS = 1_000

/**
 * What is left alone for a while, and until when: a credential that was refused, a group whose quota is used up, a
 * model that a provider does not have. Rests steer a call to another target; they never refuse one.
 */
export class Cooldowns {
  readonly #rests = new Map<string, { readonly until: number; readonly number: number }>()
  #noted = 0

  /** A rest is never shortened by a later one. */
  rest(key: string, ms: number, now: number): void {
    const known = this.#rests.get(key)
    if (!known && this.#rests.size >= MOST_RESTS) this.#makeRoom(now)
    const until = Math.max(known?.until ?? 0, now + Math.min(ms, LONGEST_MS))
    this.#rests.set(key, { until, number: ++this.#noted })
  }

  /**
   * Until when, on the same clock as `now`; 0 when it does not rest.
   * @param since leaves out what was not noted again after so many rests
   */
  until(key: string, now: number, since = 0): number {
    const rest = this.#rests.get(key)
    if (rest === undefined) return 0
    if (rest.until > now) return rest.number > since ? rest.until : 0
    this.#rests.delete(key)
    return 0
  }

  /** How many rests were noted so far. */
  get noted(): number {
    return this.#noted
  }

  /** Lets the common case cost nothing. */
  get empty(): boolean {
    return this.#rests.size === 0
  }

  #makeRoom(now: number): void {
    for (const [key, { until }] of this.#rests) if (until <= now) this.#rests.delete(key)
    const [oldest] = this.#rests.keys()
    if (this.#rests.size >= MOST_RESTS && oldest !== undefined) this.#rests.delete(oldest)
  }
}
