import { APIError } from 'openai'
import type { ReportCounter } from './auto-report.ts'
import type { Schedule } from './schedule.ts'

/** The number of refusals in a row, of whatever requests, after which no request is tried at the tier for a while: a spell, not chance. */
const SPELL = 4
const MAX_PAUSE_MS = 300_000
const FIRST_PAUSE_MS = 10_000

/** Knows whether the service tier `flex` takes requests of a target now. It may be refused for a while, and a model may not have it at all. */
export class FlexTier {
  readonly #schedule: Schedule
  readonly #report: ReportCounter
  readonly #closed = new Set<string>()
  #refusals = 0
  #spells = 0
  #openAt = 0
  /** Whether one request finds out whether a spell is over. */
  #isProbing = false

  constructor(schedule: Schedule, report: ReportCounter) {
    this.#schedule = schedule
    this.#report = report
  }

  isClosed(target: string): boolean {
    return this.#closed.has(target)
  }

  /**
   * Asks to try a request at this tier. After a spell of refusals, one request finds out whether it is over, and the others wait.
   * @returns 0 if the request may be tried: its answer or failure must then be noted. Otherwise the time to wait, in milliseconds
   */
  enter(): number {
    const pausedMs = this.#pausedMs
    if (pausedMs > 0) return pausedMs
    if (this.#isProbing) return this.#pauseMs(0)
    this.#isProbing = this.#spells > 0
    return 0
  }

  get #pausedMs(): number {
    return Math.max(0, this.#openAt - Date.now())
  }

  noteAnswer(): void {
    this.#refusals = 0
    this.#spells = 0
    this.#isProbing = false
  }

  /**
   * Judges an error of a request at this tier.
   * @param tries how often the request was refused before
   * @returns after how many milliseconds the request may be tried at this tier again; 0 if the model has no such tier; undefined if the error is that
   * of the request itself
   */
  noteFailure(error: unknown, target: string, tries: number): number | undefined {
    this.#isProbing = false
    if (hasNoTier(error)) {
      this.#closed.add(target)
      this.#report.close('flex', `${target} has no tier flex`)
      return 0
    }
    if (!isRefusal(error)) return undefined
    // Requests that were on their way when a spell was noticed are refused as well, and make it no longer.
    if (this.#pausedMs === 0 && (++this.#refusals >= SPELL || this.#spells > 0)) {
      this.#refusals = 0
      this.#openAt = Date.now() + this.#pauseMs(this.#spells++)
    }
    return Math.max(this.#pausedMs, this.#pauseMs(tries))
  }

  #pauseMs(tries: number): number {
    const { totalMs } = this.#schedule
    const first = Math.min(FIRST_PAUSE_MS, totalMs / 200)
    return Math.min(MAX_PAUSE_MS, totalMs / 20, first * 2 ** Math.min(20, tries)) * (0.75 + Math.random() / 2)
  }
}

/** Whether the provider had no capacity for the request, or did not answer it in time: it would answer at another time, or at the usual price. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof APIError) || error.code === 'spend_limit' || error.code === 'client_closed')
    return false
  const { status } = error as { status?: number }
  return status === undefined || status === 408 || status === 409 || status === 429 || status >= 500
}

/** Whether the provider refused the request because of its tier. */
function hasNoTier(error: unknown): boolean {
  if (!(error instanceof APIError)) return false
  const { status, param, message } = error as { status?: number; param?: unknown; message: string }
  if (status === undefined || ![400, 403, 404, 422].includes(status)) return false
  return param === 'service_tier' || /service[_ ]tier|\bflex\b/i.test(message)
}
