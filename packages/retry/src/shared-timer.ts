import type { Clock } from './clock.ts'
import type { Timed, Timer } from './timer.ts'
import { LONGEST_TIMER_MS } from '@harbor/parts'

/**
 * One `setTimeout` for all who have the same time. They stand in a row: who began first runs out of it first.
 *
 *     nobody ── start ─▶ set for the first ── rings: for that one, or too early as that one has ended ─▶ set for the next
 *       ▲                      │
 *       └─ cleared, or left ◀──┴── the last one ended
 *
 * A timer that is needed again and again is not cleared but left to run out: to set and clear it costs more than the rest of a
 * call. While nobody needs it, it keeps no process alive.
 */
export class SharedTimer implements Timer {
  readonly #ms: number
  readonly #clock: Clock
  #first: InRow | undefined
  #last: InRow | undefined
  #handle: Handle | undefined
  #setFor: InRow | undefined
  /** The function that set it. Tests with a time of their own replace that, and what was set before is out of reach. */
  #setBy: unknown
  #timesLeft = TIMES_CLEARED

  constructor(ms: number, clock: Clock) {
    this.#ms = ms
    this.#clock = clock
  }

  start(timed: InRow): void {
    timed.before = this.#last
    if (this.#last) this.#last.after = timed
    else this.#first = timed
    this.#last = timed
    if (this.#first !== timed) return
    if (this.#handle && this.#setBy === setTimeout) this.#handle.ref?.()
    else this.#set(timed, this.#ms)
  }

  stop({ before, after }: InRow): void {
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    if (this.#first) return
    if (this.#timesLeft === 0) {
      this.#handle?.unref?.()
    } else {
      this.#timesLeft--
      clearTimeout(this.#handle as number | undefined)
      this.#handle = undefined
    }
  }

  #set(timed: InRow, ms: number): void {
    this.#setFor = ms > LONGEST_TIMER_MS ? undefined : timed
    this.#setBy = setTimeout
    const handle: Handle = setTimeout(
      () => {
        if (handle === this.#handle) this.#ring()
      },
      Math.min(Math.ceil(ms), LONGEST_TIMER_MS),
    )
    this.#handle = handle
  }

  #ring(): void {
    this.#handle = undefined
    const late: Timed[] = []
    for (let timed = this.#first; timed; timed = timed.after) {
      const leftMs = timed === this.#setFor ? 0 : (timed.begunAt ?? 0) + this.#ms - this.#clock.now()
      if (leftMs > 0) {
        this.#set(timed, leftMs)
        break
      }
      late.push(timed)
    }
    for (const timed of late) timed.onTime()
  }
}

/** So often it is cleared: who uses a policy once and makes another leaves nothing behind. */
const TIMES_CLEARED = 10

/** The neighbours in the row are no business of anybody else. */
interface InRow extends Timed {
  before?: InRow | undefined
  after?: InRow | undefined
}

/** In browsers it is a number, which has no methods. */
interface Handle {
  ref?(): unknown
  unref?(): unknown
}
