import type { Answer } from '../answers/answer.ts'
import { asObject } from '../answers/json.ts'
import { EXPIRES_AFTER_MS } from './batch-object.ts'
import { InlineBatch, type InlineRequest, type InlineRow } from './inline-batch.ts'

/** One request of a batch of Anthropic's. */
export interface MessageRequest extends InlineRequest {
  customId: string
}

export interface Results {
  /** The results as JSON lines. */
  text: string
  counts: { succeeded: number; errored: number; canceled: number; expired: number }
  tokens: { input: number; output: number }
}

/** One batch of the Messages API. */
export class MessageBatch extends InlineBatch<MessageRequest> {
  #results: Results | undefined

  /** The results of a batch that has ended; undefined before. */
  get results(): Results | undefined {
    const { rows } = this
    return rows && (this.#results ??= resultsOf(rows))
  }

  /** Returns the batch as Anthropic does. All its counts are 0 until all requests have ended. */
  describe(resultsUrl: string): object {
    const { results, status, cancelledMs } = this
    const none = { succeeded: 0, errored: 0, canceled: 0, expired: 0 }
    return {
      id: this.id,
      type: 'message_batch',
      processing_status: status === 'pending' || status === 'running' ? 'in_progress' : status,
      request_counts: results
        ? { processing: 0, ...results.counts }
        : { processing: this.requests.length, ...none },
      created_at: this.timeAt(0),
      expires_at: this.timeAt(EXPIRES_AFTER_MS),
      ended_at: results ? this.timeAt(this.endMs) : null,
      cancel_initiated_at: cancelledMs === undefined ? null : this.timeAt(cancelledMs),
      archived_at: null,
      results_url: results ? resultsUrl : null,
    }
  }
}

function resultsOf(rows: readonly InlineRow<MessageRequest>[]): Results {
  const results: Results = {
    text: '',
    counts: { succeeded: 0, errored: 0, canceled: 0, expired: 0 },
    tokens: { input: 0, output: 0 },
  }
  for (const { request, outcome, isLost } of rows) {
    const result = typeof outcome === 'string' ? { type: outcome } : resultOf(outcome, results.tokens)
    results.counts[result.type]++
    if (!isLost) results.text += `${JSON.stringify({ custom_id: request.customId, result })}\n`
  }
  return results
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
