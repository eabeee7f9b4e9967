import type { Answer } from '../answers/answer.ts'
import { asObject, type JsonObject } from '../answers/json.ts'
import type { Clock } from '../time/clock.ts'
import type { BatchFate } from './batch.ts'
import { type BatchTimes, EXPIRES_AFTER_MS } from './batch-object.ts'

/** One request of a batch of Anthropic's. */
export interface MessageRequest {
  customId: string
  params: JsonObject
}

export interface MessageBatchOptions {
  id: string
  requests: readonly MessageRequest[]
  /** The requests in the order of their results, which is not the order in which they were sent. */
  shuffled: readonly MessageRequest[]
  times: BatchTimes
  fate: BatchFate | undefined
  /** Answers a request as the Messages API does. */
  answer: (request: MessageRequest, index: number) => Answer
  clock: Clock
}

/**
 * One batch of the Messages API. It has no timers: its status is computed when it is read.
 *
 *     in_progress ──► canceling ──► ended
 *          └───────────────────────►
 */
export class MessageBatch {
  readonly id: string
  readonly #options: MessageBatchOptions
  readonly #createdAt: number
  readonly #createdMs = Date.now()
  /** The age of the batch when it was cancelled, in milliseconds. */
  #cancelledMs: number | undefined
  #results: Results | undefined

  constructor(options: MessageBatchOptions) {
    this.id = options.id
    this.#options = options
    this.#createdAt = options.clock.now()
  }

  /** Whether the batch can no longer be found (404). */
  get vanished(): boolean {
    const { fate } = this.#options
    return fate?.type === 'vanish' && this.#ageMs >= fate.afterMs
  }

  get status(): 'in_progress' | 'canceling' | 'ended' {
    if (this.#ageMs >= this.#endMs) return 'ended'
    return this.#cancelledMs === undefined ? 'in_progress' : 'canceling'
  }

  /** Cancels the batch. Requests that have not been answered by now are reported as canceled. @returns false if it has ended */
  cancel(): boolean {
    if (this.status === 'ended') return false
    this.#cancelledMs ??= this.#ageMs
    return true
  }

  /** The results of a batch that has ended; undefined before. */
  get results(): Results | undefined {
    if (this.status !== 'ended') return undefined
    return (this.#results ??= this.#work())
  }

  /** Returns the batch as Anthropic does. All its counts are 0 until all requests have ended. */
  describe(resultsUrl: string): object {
    const { requests } = this.#options
    const results = this.results
    const none = { succeeded: 0, errored: 0, canceled: 0, expired: 0 }
    const at = (ageMs: number | undefined): string | null =>
      ageMs === undefined ? null : new Date(this.#createdMs + ageMs).toISOString()
    return {
      id: this.id,
      type: 'message_batch',
      processing_status: this.status,
      request_counts: results
        ? { processing: 0, ...results.counts }
        : { processing: requests.length, ...none },
      created_at: at(0),
      expires_at: at(EXPIRES_AFTER_MS),
      ended_at: results ? at(this.#endMs) : null,
      cancel_initiated_at: at(
        this.#cancelledMs ?? (this.#isCancelledLater && results ? this.#endMs : undefined),
      ),
      archived_at: null,
      results_url: results ? resultsUrl : null,
    }
  }

  get #ageMs(): number {
    return this.#options.clock.now() - this.#createdAt
  }

  /** Whether another client cancels the batch. */
  get #isCancelledLater(): boolean {
    return this.#options.fate?.type === 'cancel'
  }

  /** The age at which the batch ends. */
  get #endMs(): number {
    const { validatingMs, runMs, finalizingMs, cancellingMs } = this.#options.times
    const end = Math.min(EXPIRES_AFTER_MS, validatingMs + runMs + finalizingMs)
    return this.#cancelledMs === undefined ? end : Math.min(end, this.#cancelledMs + cancellingMs)
  }

  #work(): Results {
    const { shuffled, fate, answer } = this.#options
    const answered = this.#answered()
    const unanswered =
      this.#cancelledMs === undefined && !this.#isCancelledLater
        ? ('expired' as const)
        : ('canceled' as const)
    const results: Results = {
      text: '',
      counts: { succeeded: 0, errored: 0, canceled: 0, expired: 0 },
      tokens: { input: 0, output: 0 },
    }
    const lost = fate?.type === 'lose' ? Math.round(fate.share * shuffled.length) : 0
    for (const [index, request] of shuffled.entries()) {
      const result =
        index >= answered ? { type: unanswered } : resultOf(answer(request, index), results.tokens)
      results.counts[result.type]++
      if (index < shuffled.length - lost)
        results.text += `${JSON.stringify({ custom_id: request.customId, result })}\n`
    }
    return results
  }

  /** Returns how many requests are answered. Their number grows evenly over `runMs`, and stops growing at a cancellation, and after 24 hours. */
  #answered(): number {
    const { shuffled, fate, times } = this.#options
    const planned =
      fate?.type === 'expire' || fate?.type === 'cancel'
        ? Math.round(fate.answered * shuffled.length)
        : shuffled.length
    const ran = (this.#cancelledMs ?? EXPIRES_AFTER_MS) - times.validatingMs
    const share = times.runMs > 0 ? Math.min(1, Math.max(0, ran / times.runMs)) : 1
    return Math.min(planned, Math.floor(share * shuffled.length))
  }
}

export interface Results {
  /** The results as JSON lines. */
  text: string
  counts: { succeeded: number; errored: number; canceled: number; expired: number }
  tokens: { input: number; output: number }
}

/** Makes the result of an answered request, and adds its tokens. */
function resultOf({ status, frames, usage }: Answer, tokens: Results['tokens']) {
  const body = asObject(JSON.parse(frames.join('')))
  if (status >= 400) return { type: 'errored' as const, error: body }
  tokens.input += usage.input
  tokens.output += usage.output
  const message = { ...body, usage: { ...asObject(body['usage']), service_tier: 'batch' } }
  return { type: 'succeeded' as const, message }
}
