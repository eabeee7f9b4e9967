import { MAX_RULE_WINDOW_MS, type CallCounts } from '../reporting/alert.ts'

const MINUTE_MS = 60_000

interface Minute {
  readonly number: number
  calls: number
  failed: number
}

/** Counts calls by minute, for as long as the longest window of a rule. Uses constant memory. */
export class CallHistory {
  readonly #minutes: Minute[] = []
  readonly #maxMinutes: number
  readonly #startedAt: number

  /**
   * @param windowMs the longest window that can be read, in milliseconds
   * @param startedAt when the client was created, in milliseconds since the epoch
   */
  constructor(windowMs: number, startedAt: number) {
    this.#maxMinutes = Math.ceil(Math.min(windowMs, MAX_RULE_WINDOW_MS) / MINUTE_MS)
    this.#startedAt = startedAt
  }

  record(hasFailed: boolean, now: number): void {
    const minute = this.#minute(Math.floor(now / MINUTE_MS))
    minute.calls++
    if (hasFailed) minute.failed++
  }

  /** Counts the calls of a window that ends now. It moves by whole minutes, so it is up to one minute shorter than requested. */
  read(ms: number, now: number): CallCounts {
    const number = Math.floor(now / MINUTE_MS)
    const minutes = Math.min(this.#maxMinutes, Math.max(1, Math.ceil(ms / MINUTE_MS)))
    let [calls, failed] = [0, 0]
    for (const minute of this.#minutes) {
      if (minute.number <= number - minutes) continue
      calls += minute.calls
      failed += minute.failed
    }
    const windowMs = Math.max(0, Math.min(minutes * MINUTE_MS, now - this.#startedAt))
    return { windowMs, calls, failed, availability: calls === 0 ? 1 : 1 - failed / calls }
  }

  /** Returns the minute with this number, and adds it if needed. If the clock was set back, returns the newest minute. */
  #minute(number: number): Minute {
    const newest = this.#minutes.at(-1)
    if (newest && newest.number >= number) return newest
    const minute = { number, calls: 0, failed: 0 }
    this.#minutes.push(minute)
    while ((this.#minutes[0]?.number ?? Infinity) <= number - this.#maxMinutes) this.#minutes.shift()
    return minute
  }
}
