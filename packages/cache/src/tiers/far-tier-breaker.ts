/** So many errors in a row, and the tier is left alone; one that hangs costs every call its deadline, so once is enough. */
const ERRORS_TO_REST = 3
const LONGEST_REST_MS = 60_000

/**
 * When a far tier that fails is left alone:
 *
 *     well ──a timeout, or 3 errors in a row──▶ resting ──the rest is over──▶ one operation is let through
 *      ▲                                          ▲                               │            │
 *      │                                          └───twice as long, up to 60 s───┘ fails      │ succeeds
 *      └───────────────────────────────────────────────────────────────────────────────────────┘
 */
export class FarRest {
  readonly #restMs: number
  #errorsInARow = 0
  #rests = 0
  #restedAt = -Infinity
  #until = 0

  constructor(restMs: number) {
    this.#restMs = restMs
  }

  resting(now: number): boolean {
    return now < this.#until
  }

  /**
   * Asked before every operation. After a rest only one gets a yes, until it is known how that one went.
   *
   * @param atMostMs how long it may take to know
   */
  admits(now: number, atMostMs: number): boolean {
    if (now < this.#until) return false
    if (this.#rests > 0) this.#until = now + atMostMs
    return true
  }

  succeeded(): void {
    this.#errorsInARow = 0
    this.#rests = 0
    this.#until = 0
  }

  /** @param begunAt when the operation began: what began before a rest says nothing about the time after it */
  failed(how: 'error' | 'timeout', begunAt: number, now: number): void {
    if (begunAt <= this.#restedAt) return
    this.#errorsInARow++
    if (how === 'error' && this.#errorsInARow < ERRORS_TO_REST && this.#rests === 0) return
    this.#restedAt = now
    this.#until = now + Math.min(LONGEST_REST_MS, this.#restMs * 2 ** this.#rests)
    this.#rests = Math.min(this.#rests + 1, 30)
  }
}
