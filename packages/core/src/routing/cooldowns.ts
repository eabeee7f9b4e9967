import { BoundedMap } from '../base/bounded-map.ts'
import type { FleetCooldowns } from '../options/fleet-circuits.ts'

/** The maximum length of a cooldown, in milliseconds, so that a server cannot keep a target in cooldown forever. */
const MAX_COOLDOWN_MS = 24 * 60 * 60_000
const MAX_COOLDOWNS = 1_000

/**
 * Stores cooldowns, during which calls avoid something that has failed. Each has a key that stands for a refused credential, an exhausted
 * quota group, or a model that a provider does not have. If only targets in cooldown are left, a call uses one of them rather than fail.
 */
export class Cooldowns {
  readonly #cooldowns = new BoundedMap<string, { readonly until: number; readonly number: number }>(
    MAX_COOLDOWNS,
  )
  readonly #fleet: FleetCooldowns | undefined
  /** Above 0, so that `since: 0` comes before every cooldown. */
  #started = 1

  /** @param fleet the cooldowns that other processes have started */
  constructor(fleet?: FleetCooldowns) {
    this.#fleet = fleet
  }

  /**
   * Starts a cooldown.
   * @param ms the length of the cooldown in milliseconds; a cooldown that already lasts longer is not shortened
   * @param isShared whether it starts in all processes of the fleet
   */
  start(key: string, ms: number, now: number, isShared = false): void {
    if (isShared) this.#fleet?.start(key, Math.min(ms, MAX_COOLDOWN_MS))
    const running = this.#cooldowns.get(key)
    if (!running && this.#cooldowns.size >= MAX_COOLDOWNS) this.#dropEnded(now)
    const until = Math.max(running?.until ?? 0, now + Math.min(ms, MAX_COOLDOWN_MS))
    this.#cooldowns.set(key, { until, number: ++this.#started })
  }

  /**
   * Returns when the cooldown of a key ends, on the clock of `now`; 0 if there is none.
   * @param since a value of `started` that was read earlier: only cooldowns started after that, in this process, are considered
   */
  until(key: string, now: number, since = 0): number {
    const elsewhereMs = since === 0 && this.#fleet ? this.#fleet.remainingMs(key) : 0
    const elsewhere = elsewhereMs > 0 ? now + elsewhereMs : 0
    const cooldown = this.#cooldowns.get(key)
    if (cooldown === undefined) return elsewhere
    if (cooldown.until > now) return cooldown.number > since ? Math.max(cooldown.until, elsewhere) : 0
    this.#cooldowns.delete(key)
    return elsewhere
  }

  /** A number that grows with each cooldown that this process starts. A later call of `until` takes it as `since`. */
  get started(): number {
    return this.#started
  }

  /** Whether there is no cooldown. That is the usual case, in which callers can skip further checks. */
  get isEmpty(): boolean {
    return this.#cooldowns.size === 0 && (this.#fleet?.isEmpty ?? true)
  }

  #dropEnded(now: number): void {
    for (const [key, { until }] of this.#cooldowns) if (until <= now) this.#cooldowns.delete(key)
  }
}
