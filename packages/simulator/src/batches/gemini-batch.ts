import { asObject, type JsonObject } from '../answers/json.ts'
import { InlineBatch, type InlineBatchOptions, type InlineRequest } from './inline-batch.ts'

/** One request of a batch of Gemini's. */
export interface GeminiRequest extends InlineRequest {
  /** What the result repeats, such as a key; undefined for none. */
  metadata: unknown
}

export interface GeminiBatchOptions extends InlineBatchOptions<GeminiRequest> {
  model: string
  displayName: string
}

export interface GeminiResults {
  responses: readonly object[]
  counts: { succeeded: number; failed: number }
  tokens: { input: number; output: number }
}

const TYPE = 'type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch'

/** One batch of Gemini's, created from requests in its own body. Only a batch that has succeeded has results, in the order of its requests. */
export class GeminiBatch extends InlineBatch<GeminiRequest> {
  readonly #model: string
  readonly #displayName: string
  readonly #fails: boolean
  #results: GeminiResults | undefined

  constructor({ model, displayName, ...options }: GeminiBatchOptions) {
    super(options)
    this.#model = model
    this.#displayName = displayName
    this.#fails = options.fate?.type === 'fail'
  }

  get state(): string {
    const { status } = this
    if (status === 'pending') return 'BATCH_STATE_PENDING'
    if (status !== 'ended') return 'BATCH_STATE_RUNNING'
    if (this.isCancelled) return 'BATCH_STATE_CANCELLED'
    if (this.isExpired) return 'BATCH_STATE_EXPIRED'
    return this.#fails ? 'BATCH_STATE_FAILED' : 'BATCH_STATE_SUCCEEDED'
  }

  /** The results of a batch that has succeeded; undefined before, and for all others. */
  get results(): GeminiResults | undefined {
    return this.state === 'BATCH_STATE_SUCCEEDED' ? (this.#results ??= this.#read()) : undefined
  }

  /** Returns the batch as a long-running operation, as Gemini does. */
  describe(): object {
    const { state, results } = this
    const name = `batches/${this.id}`
    const hasEnded = this.status === 'ended'
    const at = this.timeAt(hasEnded ? this.endMs : 0)
    const output = results && { inlinedResponses: { inlinedResponses: results.responses } }
    const { succeeded, failed } = results?.counts ?? { succeeded: 0, failed: 0 }
    const metadata = {
      '@type': TYPE,
      name,
      model: `models/${this.#model}`,
      displayName: this.#displayName,
      createTime: this.timeAt(0),
      updateTime: at,
      ...(hasEnded && { endTime: at }),
      batchStats: {
        requestCount: String(this.requests.length),
        ...(results
          ? { successfulRequestCount: String(succeeded), failedRequestCount: String(failed) }
          : { pendingRequestCount: String(this.requests.length) }),
      },
      state,
      ...(output && { output }),
    }
    const error = { code: 13, message: 'The batch could not be processed.' }
    const isFailed = state === 'BATCH_STATE_FAILED'
    return {
      name,
      metadata,
      ...(hasEnded && { done: true }),
      ...(output && { response: output }),
      ...(isFailed && { error }),
    }
  }

  #read(): GeminiResults {
    const results = {
      responses: [] as object[],
      counts: { succeeded: 0, failed: 0 },
      tokens: { input: 0, output: 0 },
    }
    for (const { request, outcome, isLost } of this.rows ?? []) {
      if (typeof outcome === 'string') continue
      const body = asObject(JSON.parse(outcome.frames.join('')))
      const hasFailed = outcome.status >= 400
      results.counts[hasFailed ? 'failed' : 'succeeded']++
      if (!hasFailed) {
        results.tokens.input += outcome.usage.input
        results.tokens.output += outcome.usage.output
      }
      if (!isLost) results.responses.push({ ...rowOf(body, hasFailed), ...metadataOf(request) })
    }
    return results
  }
}

function rowOf(body: JsonObject, hasFailed: boolean): object {
  if (!hasFailed) return { response: body }
  const { code, message } = asObject(body['error'])
  return { error: { code, message } }
}

function metadataOf({ metadata }: GeminiRequest): object {
  return metadata === undefined ? {} : { metadata }
}
