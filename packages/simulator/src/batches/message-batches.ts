import { type Answer, bodyAnswer, jsonAnswer } from '../answers/answer.ts'
import { asArray, asObject, asString } from '../answers/json.ts'
import type { RecordedRequest } from '../journal.ts'
import type { ProviderScript } from '../script/script.ts'
import type { Clock } from '../time/clock.ts'
import { badRequest, problemAnswer } from '../wires/anthropic/errors.ts'
import { answerRequest } from '../wires/answer-request.ts'
import { shuffle } from './batch-fates.ts'
import { EXPIRES_AFTER_MS } from './batch-object.ts'
import { InlineBook } from './inline-book.ts'
import { MessageBatch, type MessageRequest } from './message-batch.ts'

/** Anthropic's own limit. */
const MAX_REQUESTS = 100_000
/** Anthropic's own limit of the request that creates a batch, in bytes. */
const MAX_BYTES = 256 * 1024 * 1024
const PATH = /^(.*\/v1\/messages\/batches)(?:\/([^/]+)(?:\/(cancel|results))?)?$/

/** The endpoint /v1/messages/batches of one provider. All batches are in memory. */
export class MessageBatches {
  readonly #book: InlineBook<MessageBatch>

  constructor(seed: number, clock: Clock) {
    this.#book = new InlineBook(seed, clock)
  }

  /** Answers a request. Must be called only once per request, because it may create, change or delete a batch. */
  answer(request: RecordedRequest, raw: Buffer, script: ProviderScript): Answer {
    const { method, path, headers } = request
    if (headers['anthropic-version'] === undefined)
      return badRequest('anthropic-version: header is required', request)
    const [, root = '', id, action] = PATH.exec(path) ?? []
    const urlOf = (batch: MessageBatch): string =>
      `http://${headers.host ?? 'localhost'}${root}/${batch.id}/results`
    if (id === undefined) {
      if (method === 'GET') return this.#list(request, urlOf)
      if (method !== 'POST') return notFound(request)
      if (raw.length > (script.batches?.maxFileBytes ?? MAX_BYTES))
        return problemAnswer({ status: 413 }, request)
      return this.#create(request, script, urlOf)
    }
    const batch = this.#book.get(id)
    if (batch === undefined) return notFound(request)
    switch (`${method} ${action ?? ''}`) {
      case 'GET ':
        return jsonAnswer(batch.describe(urlOf(batch)))
      case 'GET results':
        return batch.results
          ? bodyAnswer(200, 'application/x-jsonl', batch.results.text)
          : badRequest(`Batch ${id} has no available results, since it has not ended.`, request)
      case 'POST cancel':
        if (!batch.cancel()) return badRequest(`Batch ${id} cannot be canceled, since it has ended.`, request)
        return jsonAnswer(batch.describe(urlOf(batch)))
      case 'DELETE ':
        if (batch.status !== 'ended')
          return badRequest(`Batch ${id} cannot be deleted while it is in progress.`, request)
        this.#book.delete(id)
        return jsonAnswer({ id, type: 'message_batch_deleted' })
      default:
        return notFound(request)
    }
  }

  /** Returns totals over all batches; requests and tokens of those that have ended and were not deleted. */
  counts() {
    return this.#book.counts(({ counts }) => counts.succeeded + counts.errored)
  }

  #create(request: RecordedRequest, script: ProviderScript, urlOf: (batch: MessageBatch) => string): Answer {
    const { batches = {} } = script
    const requests = asArray(asObject(request.body)['requests']).map(asObject)
    const wrong = checkRequests(requests, batches.maxRequests ?? MAX_REQUESTS)
    if (wrong !== undefined) return badRequest(wrong, request)
    if (this.#book.isFull)
      return badRequest('The simulator holds no more batches; delete some, or reset it.', request)
    const list = requests.map((each) => ({
      customId: asString(each['custom_id']),
      params: asObject(each['params']),
    }))
    const { id, times, fate, status, random, ...drawn } = this.#book.draw('msgbatch_', batches, list.length)
    const failing = fate?.type === 'fail' ? list.length : drawn.failing
    const batch = new MessageBatch({
      id,
      requests: shuffle(list, random),
      times,
      expiresAfterMs: EXPIRES_AFTER_MS,
      fate,
      answer: (each, index) =>
        index < failing ? problemAnswer({ status }, request) : answerOne(each, request, script),
      clock: this.#book.clock,
    })
    this.#book.add(batch)
    return jsonAnswer(batch.describe(urlOf(batch)))
  }

  #list(request: RecordedRequest, urlOf: (batch: MessageBatch) => string): Answer {
    const query = new URLSearchParams(request.query)
    const limit = Number(query.get('limit') ?? 20)
    if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
      return badRequest('limit: must be from 1 to 1000', request)
    const newestFirst = this.#book.newestFirst()
    const [after, before] = ['after_id', 'before_id'].map((name) => {
      const id = query.get(name)
      return id === null ? undefined : newestFirst.findIndex((batch) => batch.id === id)
    })
    if (after === -1 || before === -1) return notFound(request)
    const listed = newestFirst.slice(after === undefined ? 0 : after + 1, before)
    const data = before === undefined ? listed.slice(0, limit) : listed.slice(-limit)
    return jsonAnswer({
      data: data.map((batch) => batch.describe(urlOf(batch))),
      has_more: data.length < listed.length,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    })
  }
}

function checkRequests(requests: readonly object[], max: number): string | undefined {
  if (requests.length === 0) return 'requests: List should have at least 1 item after validation'
  if (requests.length > max) return `requests: List should have at most ${max} items after validation`
  const ids = requests.map((request) => asString(asObject(request)['custom_id']))
  const wrong = ids.findIndex((id) => !/^[\w-]{1,64}$/.test(id))
  if (wrong >= 0) return `requests.${wrong}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'`
  return new Set(ids).size < ids.length ? 'requests: custom_id values must be unique' : undefined
}

/** Answers a request like a direct call with the same headers. */
function answerOne({ params }: MessageRequest, request: RecordedRequest, script: ProviderScript): Answer {
  const model = asString(params['model']) || undefined
  const path = '/v1/messages'
  const direct = { ...request, operation: 'messages' as const, path, body: params, model, stream: false }
  return answerRequest(direct, Buffer.from(JSON.stringify(params)), script, { stream: false })
}

function notFound(request: RecordedRequest): Answer {
  return problemAnswer({ status: 404 }, request)
}
