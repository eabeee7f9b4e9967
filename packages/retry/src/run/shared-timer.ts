import { MAX_TIMER_MS } from '@harbor/parts'
import type { Clock } from '../clock.ts'
import type { Timed, Timer } from './timer.ts'

/**
 * One `setTimeout` for all attempts with the same timeout. The attempts form a queue, since the one that started first times out
 * first.
 *
 *     empty ── start ─▶ set for the first ── fires: the first times out, unless it has ended ─▶ set for the next
 *       ▲                      │
 *       └─ cleared, or left ◀──┴── the last one ended
 *
 * When the queue becomes empty, the timer is cleared, but only the first `MAX_CLEARS` times. After that, the timer remains set,
 * because setting and clearing it would take longer than the rest of a call. While the queue is empty, the timer does not keep the
 * process alive.
 */
export class SharedTimer implements Timer {
  readonly #ms: number
  readonly #clock: Clock
  #first: Queued | undefined
  #last: Queued | undefined
  #handle: Handle | undefined
  /** The attempt for whose timeout `setTimeout` was called last. */
  #setFor: Queued | undefined
  /** The `setTimeout` that set the timer. Fake timers may have replaced it since; then the timer cannot be cleared. */
  #setBy: unknown
  #clearsLeft = MAX_CLEARS

  constructor(ms: number, clock: Clock) {
    this.#ms = ms
    this.#clock = clock
  }

  start(timed: Queued): void {
    timed.before = this.#last
    if (this.#last) this.#last.after = timed
    else this.#first = timed
    this.#last = timed
    if (this.#first !== timed) return
    if (this.#handle && this.#setBy === setTimeout) this.#handle.ref?.()
    else this.#set(timed, this.#ms)
  }

  stop({ before, after }: Queued): void {
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    else this.#last = before
    if (this.#first) return
    if (this.#clearsLeft === 0) {
      this.#handle?.unref?.()
    } else {
      this.#clearsLeft--
      clearTimeout(this.#handle as number | undefined)
      this.#handle = undefined
    }
  }

  #set(timed: Queued, ms: number): void {
    this.#setFor = ms > MAX_TIMER_MS ? undefined : timed
    this.#setBy = setTimeout
    const handle: Handle = setTimeout(
      () => {
        if (handle === this.#handle) this.#fire()
      },
      Math.min(Math.ceil(ms), MAX_TIMER_MS),
    )
    this.#handle = handle
  }

  #fire(): void {
    this.#handle = undefined
    const late: Timed[] = []
    for (let timed = this.#first; timed; timed = timed.after) {
      const leftMs = timed === this.#setFor ? 0 : (timed.startedAt ?? 0) + this.#ms - this.#clock.now()
      if (leftMs > 0) {
        this.#set(timed, leftMs)
        break
      }
      late.push(timed)
    }
    for (const timed of late) timed.onTimeUp()
  }
}

/**
 * The maximum number of times that the timer is cleared when the queue becomes empty. Thanks to this, a policy with only a few runs
 * leaves no timer behind.
 */
const MAX_CLEARS = 10

/** An attempt in the queue, with its neighbours. Only this file sets `before` and `after`. */
interface Queued extends Timed {
  before?: Queued | undefined
  after?: Queued | undefined
}

/** The return value of `setTimeout`. In browsers, it is a number and lacks these methods. */
interface Handle {
  ref?(): unknown
  unref?(): unknown
}
