import type { Answer } from '../answers/answer.ts'
import type { JsonObject } from '../answers/json.ts'
import type { Clock } from '../time/clock.ts'
import type { BatchFate } from './batch.ts'
import type { BatchTimes } from './batch-object.ts'

/** One request of a batch that was created without a file. */
export interface InlineRequest {
  params: JsonObject
}

export interface InlineBatchOptions<Request extends InlineRequest> {
  id: string
  /** The requests in the order of their results. */
  requests: readonly Request[]
  times: BatchTimes
  /** The age at which the batch expires, in milliseconds. */
  expiresAfterMs: number
  fate: BatchFate | undefined
  /** Answers a request as a direct call. */
  answer: (request: Request, index: number) => Answer
  clock: Clock
}

/** What became of one request. */
export interface InlineRow<Request extends InlineRequest> {
  request: Request
  /** The answer, or why there is none. */
  outcome: Answer | 'expired' | 'canceled'
  /** Whether a fault keeps it out of the results. */
  isLost: boolean
}

/**
 * One batch that was created from requests, not from a file. It has no timers: its status is computed when it is read.
 *
 *     pending ──► running ──► canceling ──► ended
 *                    └───────────────────►
 */
export class InlineBatch<Request extends InlineRequest> {
  readonly id: string
  readonly requests: readonly Request[]
  readonly createdMs = Date.now()
  readonly #options: InlineBatchOptions<Request>
  readonly #createdAt: number
  /** The age of the batch when it was cancelled, in milliseconds. */
  #cancelledMs: number | undefined
  #rows: readonly InlineRow<Request>[] | undefined

  constructor(options: InlineBatchOptions<Request>) {
    this.id = options.id
    this.requests = options.requests
    this.#options = options
    this.#createdAt = options.clock.now()
  }

  /** Whether the batch can no longer be found (404). */
  get vanished(): boolean {
    const { fate } = this.#options
    return fate?.type === 'vanish' && this.#ageMs >= fate.afterMs
  }

  get status(): 'pending' | 'running' | 'canceling' | 'ended' {
    if (this.#ageMs >= this.endMs) return 'ended'
    if (this.#cancelledMs !== undefined) return 'canceling'
    return this.#ageMs < this.#options.times.validatingMs ? 'pending' : 'running'
  }

  /** Whether the batch was cancelled by its client, or has been by another one. */
  get isCancelled(): boolean {
    return this.cancelledMs !== undefined
  }

  /** The age at which the batch was cancelled, in milliseconds; undefined if it was not. */
  get cancelledMs(): number | undefined {
    return this.#cancelledMs ?? (this.#isCancelledLater && this.status === 'ended' ? this.endMs : undefined)
  }

  /** Whether the batch takes longer than its vendor allows, or a fault says so. */
  get isExpired(): boolean {
    const { fate, expiresAfterMs } = this.#options
    return !this.isCancelled && (fate?.type === 'expire' || this.#wholeMs > expiresAfterMs)
  }

  /** The age at which the batch ends, in milliseconds. */
  get endMs(): number {
    const { times, expiresAfterMs } = this.#options
    const end = Math.min(expiresAfterMs, this.#wholeMs)
    return this.#cancelledMs === undefined ? end : Math.min(end, this.#cancelledMs + times.cancellingMs)
  }

  /** Cancels the batch. Requests that have not been answered by now never are. @returns false if it has ended */
  cancel(): boolean {
    if (this.status === 'ended') return false
    this.#cancelledMs ??= this.#ageMs
    return true
  }

  /** What became of each request of a batch that has ended; undefined before. */
  get rows(): readonly InlineRow<Request>[] | undefined {
    if (this.status !== 'ended') return undefined
    return (this.#rows ??= this.#work())
  }

  /** Returns the time at this age, as RFC 3339. */
  timeAt(ageMs: number): string {
    return new Date(this.createdMs + ageMs).toISOString()
  }

  get #ageMs(): number {
    return this.#options.clock.now() - this.#createdAt
  }

  get #wholeMs(): number {
    const { validatingMs, runMs, finalizingMs } = this.#options.times
    return validatingMs + runMs + finalizingMs
  }

  /** Whether another client cancels the batch. */
  get #isCancelledLater(): boolean {
    return this.#options.fate?.type === 'cancel'
  }

  #work(): InlineRow<Request>[] {
    const { requests, fate, answer } = this.#options
    const answered = this.#answered()
    const unanswered = this.isCancelled ? 'canceled' : 'expired'
    const lost = fate?.type === 'lose' ? Math.round(fate.share * requests.length) : 0
    return requests.map((request, index) => ({
      request,
      outcome: index < answered ? answer(request, index) : unanswered,
      isLost: index >= requests.length - lost,
    }))
  }

  /** Returns how many requests are answered. Their number grows evenly over `runMs`, and stops growing at a cancellation, and at the expiry. */
  #answered(): number {
    const { requests, fate, times, expiresAfterMs } = this.#options
    const planned =
      fate?.type === 'expire' || fate?.type === 'cancel'
        ? Math.round(fate.answered * requests.length)
        : requests.length
    const ran = (this.#cancelledMs ?? expiresAfterMs) - times.validatingMs
    const share = times.runMs > 0 ? Math.min(1, Math.max(0, ran / times.runMs)) : 1
    return Math.min(planned, Math.floor(share * requests.length))
  }
}
