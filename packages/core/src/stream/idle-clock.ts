import { MAX_TIMER_MS } from '@harbor/parts'
import type { Clock } from '@harbor/retry'
import { TimeoutError, type ClockName } from '../base/errors.ts'

/**
 * The maximum lateness of a timer, in milliseconds. If the timer fires even later, this process was probably blocked, and the pause may not
 * be the provider's fault.
 */
const LATE_MS = 50

/**
 * Measures how long a reader has waited for content, and reports a stalled stream. The clock runs only during a read, so a slow reader does
 * not make a stream look stalled. Only content resets the clock, so pings do not keep a dead stream alive. One timer serves many reads. If
 * the timer fires late, data that is already in the socket is read before the stream counts as stalled.
 */
export class IdleClock {
  readonly #clock: Clock
  readonly #onIdle: (error: TimeoutError) => boolean
  #name: ClockName
  #limitMs: number
  #waitedMs = 0
  #waitingSince: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #dueAt = 0

  /** @param onIdle called when the time is up. Returns whether the reader goes on waiting; the clock then starts again from zero */
  constructor(clock: Clock, name: ClockName, limitMs: number, onIdle: (error: TimeoutError) => boolean) {
    this.#clock = clock
    this.#name = name
    this.#limitMs = limitMs
    this.#onIdle = onIdle
  }

  /** Called when a read begins. */
  waiting(): void {
    this.#waitingSince = this.#clock.now()
    if (this.#timer === undefined) this.#arm()
  }

  /** Called when a read ends. If the read returned content, `content()` is called next. */
  done(): void {
    if (this.#waitingSince === undefined) return
    this.#waitedMs += this.#clock.now() - this.#waitingSince
    this.#waitingSince = undefined
  }

  /** Called when content arrives: the clock starts again from zero. */
  content(): void {
    this.#waitedMs = 0
    if (this.#waitingSince !== undefined) this.#waitingSince = this.#clock.now()
  }

  /** Sets another limit, and starts again from zero. */
  restart(name: ClockName, limitMs: number): void {
    this.stop()
    this.#name = name
    this.#limitMs = limitMs
    this.#waitedMs = 0
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waitingSince = undefined
  }

  #leftMs(): number {
    if (this.#waitingSince === undefined) return this.#limitMs - this.#waitedMs
    return this.#limitMs - this.#waitedMs - (this.#clock.now() - this.#waitingSince)
  }

  #arm(graceMs = 0): void {
    if (this.#limitMs === Infinity) return
    const delayMs = Math.min(Math.max(this.#leftMs(), graceMs, 0), MAX_TIMER_MS)
    this.#dueAt = this.#clock.now() + delayMs
    this.#timer = setTimeout(() => {
      this.#fire()
    }, delayMs)
    this.#timer.unref()
  }

  #fire(): void {
    this.#timer = undefined
    if (this.#waitingSince === undefined) return // the next read arms the timer again
    const lateMs = this.#clock.now() - this.#dueAt
    if (lateMs > LATE_MS) this.#arm(LATE_MS)
    else if (this.#leftMs() > 0) this.#arm()
    else if (this.#onIdle(new TimeoutError(this.#name, this.#limitMs))) {
      this.content()
      this.#arm()
    }
  }
}
