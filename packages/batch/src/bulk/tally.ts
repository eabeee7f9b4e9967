import type { BulkProgress, BulkSummary } from './bulk-run.ts'
import { Pace } from './pace.ts'

interface Tokens {
  readonly input: number
  readonly output: number
}

/** Counts what happens in a run. What is `queued` and `inFlight` follows from the rest, so that the sum always holds. */
export class Tally {
  read = 0
  /** Items that have left the queue to be called. */
  begun = 0
  ok = 0
  failed = 0
  skipped = 0
  /** Of those that were begun, and of those that were not. */
  dropped = { begun: 0, queued: 0 }
  resumed = 0
  retried = 0
  /** Calls that wait for a rate limit. */
  waitingForRate = 0
  /** Calls that wait for their next attempt. */
  waitingForRetry = 0
  #input = 0
  #output = 0
  #startedAtMs = 0
  #pace = new Pace(0)

  get inFlight(): number {
    return this.begun - this.ok - this.failed - this.dropped.begun
  }

  get queued(): number {
    return this.read - this.begun - this.skipped - this.dropped.queued
  }

  start(nowMs: number): void {
    this.#startedAtMs = nowMs
    this.#pace = new Pace(nowMs)
  }

  settle(ok: boolean, nowMs: number): void {
    if (ok) this.ok++
    else this.failed++
    this.#pace.note(nowMs)
  }

  /** @returns what ends the wait; more than once changes nothing */
  beginWait(reason: 'rate' | 'retry'): () => void {
    const counter = reason === 'rate' ? 'waitingForRate' : 'waitingForRetry'
    this[counter]++
    let isOver = false
    return () => {
      if (!isOver) this[counter]--
      isOver = true
    }
  }

  /** An item that was begun has no result: it was not sent before the run was stopped. */
  giveBack(): void {
    this.dropped.begun++
  }

  /** Gives up all that has no result. */
  drop(): void {
    this.dropped.begun += this.inFlight
    this.dropped.queued += this.queued
  }

  countTokens(usage: Tokens, before: Tokens | undefined): void {
    this.#input += usage.input - (before?.input ?? 0)
    this.#output += usage.output - (before?.output ?? 0)
  }

  progress(nowMs: number, total: number | undefined, waitingOn: BulkProgress['waitingOn']): BulkProgress {
    const { read, queued, inFlight } = this
    const { ok, failed, skipped, dropped, resumed, retried, tokens } = this.#counts()
    const ratePerMinute = this.#pace.perMinute(nowMs)
    const left = total === undefined ? NaN : Math.max(0, total - ok - failed - skipped - resumed)
    return {
      read,
      queued,
      inFlight,
      waiting: this.waitingForRate + this.waitingForRetry,
      ok,
      failed,
      skipped,
      dropped,
      resumed,
      retried,
      total,
      ratePerMinute,
      etaMs: left === 0 ? 0 : ratePerMinute > 0 && left > 0 ? (left / ratePerMinute) * 60_000 : undefined,
      tokens,
      waitingOn,
    }
  }

  summary(nowMs: number, stoppedBy: BulkSummary['stoppedBy']): BulkSummary {
    return { ...this.#counts(), durationMs: nowMs - this.#startedAtMs, stoppedBy }
  }

  #counts(): Omit<BulkSummary, 'durationMs' | 'stoppedBy'> {
    const { ok, failed, skipped, dropped, resumed, retried } = this
    return {
      ok,
      failed,
      skipped,
      dropped: dropped.begun + dropped.queued,
      resumed,
      retried,
      tokens: { input: this.#input, output: this.#output },
    }
  }
}
