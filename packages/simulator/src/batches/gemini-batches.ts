import type { Answer } from '../answers/answer.ts'
import { asArray, asObject, asString } from '../answers/json.ts'
import type { RecordedRequest } from '../journal.ts'
import type { ProviderScript } from '../script/script.ts'
import type { Clock } from '../time/clock.ts'
import { answerRequest } from '../wires/answer-request.ts'
import { problemAnswer } from '../wires/gemini/errors.ts'
import { geminiJson } from '../wires/gemini/generate-content.ts'
import { batchOf } from '../wires/gemini/paths.ts'
import { GeminiBatch, type GeminiRequest } from './gemini-batch.ts'
import { InlineBook } from './inline-book.ts'

/** Gemini's own limit of the request that creates a batch without a file, in bytes. */
const MAX_BYTES = 20 * 1024 * 1024
/** A batch of Gemini expires after 48 hours, in milliseconds. */
const EXPIRES_AFTER_MS = 172_800_000

/** `models/{model}:batchGenerateContent` and `batches` of Gemini, of one provider. All batches are in memory. */
export class GeminiBatches {
  readonly #book: InlineBook<GeminiBatch>

  constructor(seed: number, clock: Clock) {
    this.#book = new InlineBook(seed, clock)
  }

  /** Answers a request. Must be called only once per request, because it may create, change or delete a batch. */
  answer(request: RecordedRequest, raw: Buffer, script: ProviderScript): Answer {
    const { method, path } = request
    const named = batchOf(path)
    if (named === undefined) return this.#create(request, raw, script)
    const { id, cancels } = named
    if (id === undefined) return this.#list(new URLSearchParams(request.query))
    const batch = this.#book.get(id)
    if (batch === undefined) return problemAnswer({ status: 404 })
    if (cancels) {
      batch.cancel()
      return geminiJson({})
    }
    if (method === 'GET') return geminiJson(batch.describe())
    this.#book.delete(id)
    return geminiJson({})
  }

  /** Returns totals over all batches; requests and tokens of those that have succeeded and were not deleted. */
  counts() {
    return this.#book.counts(({ counts }) => counts.succeeded + counts.failed)
  }

  #create(request: RecordedRequest, raw: Buffer, script: ProviderScript): Answer {
    const { batches = {} } = script
    if (raw.length > (batches.maxFileBytes ?? MAX_BYTES)) return invalid('The request is too large.')
    const { displayName, inputConfig } = asObject(asObject(request.body)['batch'])
    const list = asArray(asObject(asObject(inputConfig)['requests'])['requests']).map(asObject)
    if (list.length === 0) return invalid('batch.input_config.requests: at least one request is required')
    if (list.length > (batches.maxRequests ?? Infinity))
      return invalid('batch.input_config.requests: too many')
    if (this.#book.isFull) return invalid('The simulator holds no more batches.')
    const { id, times, fate, failing, status } = this.#book.draw('', batches, list.length)
    const batch = new GeminiBatch({
      id,
      model: request.model ?? '',
      displayName: asString(displayName),
      requests: list.map((each) => ({ params: asObject(each['request']), metadata: each['metadata'] })),
      times,
      expiresAfterMs: EXPIRES_AFTER_MS,
      fate,
      answer: (each, index) =>
        index < failing ? problemAnswer({ status }) : answerOne(each, request, script),
      clock: this.#book.clock,
    })
    this.#book.add(batch)
    return geminiJson(batch.describe())
  }

  #list(query: URLSearchParams): Answer {
    const size = Number(query.get('pageSize') ?? 50)
    const from = Number(query.get('pageToken') ?? 0)
    if (![size, from].every((value) => Number.isInteger(value) && value >= 0) || size === 0)
      return invalid('page_size and page_token: Invalid value')
    const newestFirst = this.#book.newestFirst()
    const hasMore = from + size < newestFirst.length
    return geminiJson({
      operations: newestFirst.slice(from, from + size).map((batch) => batch.describe()),
      ...(hasMore && { nextPageToken: String(from + size) }),
    })
  }
}

function invalid(message: string): Answer {
  return problemAnswer({ status: 400, message })
}

/** Answers a request like a direct call with the same headers. */
function answerOne({ params }: GeminiRequest, request: RecordedRequest, script: ProviderScript): Answer {
  const path = request.path.replace(/:\w+$/, ':generateContent')
  const direct = { ...request, operation: 'generate-content' as const, path, body: params, stream: false }
  return answerRequest(direct, Buffer.from(JSON.stringify(params)), script, { stream: false })
}
