import { LOCK_TTL_MS, MAX_UNREACHABLE_MS } from './flight-keys.ts'

/** After the time at which a leader must have renewed its lock, this much later it is checked, in milliseconds. */
const SLACK_MS = 10
/** How long a leader without a sign of life is still waited for by a process that has a part of its stream, in milliseconds. */
const GRACE_MS = 1_000
/** The same after an outage of Redis, after which the leader may need this time to find out that Redis is back. */
const GRACE_AFTER_OUTAGE_MS = 5_000
/** How often Redis is asked for a sign of life while it does not answer, in milliseconds. */
const AGAIN_MS = 250

export interface LeaderLifeOptions {
  /** How long the lock of the leader is valid now, in milliseconds. */
  readonly lockMs: number
  /** Asks Redis how long the leader's life key is valid, in milliseconds; 0 if it is not, undefined if Redis does not answer. */
  readonly askMs: () => Promise<number | undefined>
  /** Whether this process already has a part of the answer, so that it cannot follow another leader. */
  readonly hasBegun: () => boolean
  /** Called once, when the leader is lost. */
  readonly onLost: () => void
}

/** Whether the leader of a call is alive. Redis is asked only when nothing was heard of the leader for the lifetime of its lock. */
export class LeaderLife {
  readonly #options: LeaderLifeOptions
  /** Until then the leader is alive. */
  #validUntil: number
  /** Until then, a leader without a sign of life is waited for; 0 if it has given one. */
  #graceUntil = 0
  #reachedAt = performance.now()
  #timer: NodeJS.Timeout | undefined
  #isOver = false

  constructor(options: LeaderLifeOptions) {
    this.#options = options
    this.#validUntil = performance.now() + options.lockMs
    this.#checkAfter(options.lockMs)
  }

  /** Called when the leader has passed something on. */
  heard(): void {
    this.#validUntil = performance.now() + LOCK_TTL_MS
  }

  /** Called when Redis cannot be reached. */
  noteOutage(): void {
    if (this.#options.hasBegun()) this.#graceUntil = performance.now() + GRACE_AFTER_OUTAGE_MS
    else this.#lose()
  }

  stop(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  #lose(): void {
    if (this.#isOver) return
    this.stop()
    this.#options.onLost()
  }

  #checkAfter(ms: number): void {
    this.#timer = setTimeout(() => void this.#check(), ms + SLACK_MS)
    this.#timer.unref()
  }

  async #check(): Promise<void> {
    const validMs = this.#validUntil - performance.now()
    if (validMs > 0) {
      this.#checkAfter(validMs)
      return
    }
    const lifeMs = await this.#options.askMs()
    const now = performance.now()
    if (lifeMs === undefined) this.noteOutage()
    else this.#reachedAt = now
    if (this.#isOver) return
    // An event may have been read while the reply was on its way.
    this.#validUntil = Math.max(this.#validUntil, now + Math.min(lifeMs ?? 0, LOCK_TTL_MS))
    if (this.#validUntil > now) {
      this.#graceUntil = 0
      this.#checkAfter(this.#validUntil - now)
      return
    }
    if (this.#options.hasBegun() && this.#graceUntil === 0) this.#graceUntil = now + GRACE_MS
    if (now < this.#graceUntil && now - this.#reachedAt < MAX_UNREACHABLE_MS) this.#checkAfter(AGAIN_MS)
    else this.#lose()
  }
}
