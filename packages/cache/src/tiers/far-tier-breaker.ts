/**
 * The number of errors in a row that start a cooldown. A single timeout starts a cooldown, too, since a store that hangs delays every call
 * until the deadline.
 */
const ERRORS_TO_OPEN = 3
const MAX_COOLDOWN_MS = 60_000

/**
 * The circuit breaker of a far tier:
 *
 *     closed ──a timeout, or 3 errors in a row──▶ cooldown ──cooldown is over──▶ one operation is allowed
 *       ▲                                            ▲                              │            │
 *       │                                            └──twice as long, up to 60 s───┘ fails      │ succeeds
 *       └────────────────────────────────────────────────────────────────────────────────────────┘
 */
export class FarTierBreaker {
  readonly #cooldownMs: number
  #errorsInARow = 0
  #cooldowns = 0
  #openedAt = -Infinity
  #until = 0

  constructor(cooldownMs: number) {
    this.#cooldownMs = cooldownMs
  }

  coolingDown(now: number): boolean {
    return now < this.#until
  }

  /**
   * Whether an operation may begin now. Must be called before every operation. After a cooldown, only one operation is allowed until its
   * outcome is known.
   *
   * @param atMostMs the time limit of the operation, in milliseconds
   */
  allows(now: number, atMostMs: number): boolean {
    if (now < this.#until) return false
    if (this.#cooldowns > 0) this.#until = now + atMostMs
    return true
  }

  succeeded(): void {
    this.#errorsInARow = 0
    this.#cooldowns = 0
    this.#until = 0
  }

  /** Records a failed operation. @param begunAt when the operation began; the failure is ignored if a cooldown has begun since then */
  failed(how: 'error' | 'timeout', begunAt: number, now: number): void {
    if (begunAt <= this.#openedAt) return
    this.#errorsInARow++
    if (how === 'error' && this.#errorsInARow < ERRORS_TO_OPEN && this.#cooldowns === 0) return
    this.#openedAt = now
    this.#until = now + Math.min(MAX_COOLDOWN_MS, this.#cooldownMs * 2 ** this.#cooldowns)
    this.#cooldowns = Math.min(this.#cooldowns + 1, 30)
  }
}
