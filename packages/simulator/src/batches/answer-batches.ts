import { type Answer, jsonAnswer } from '../answers/answer.ts'
import { badRequest, errorAnswer, unknownPath } from '../wires/openai/errors.ts'
import { readPath } from '../wires/openai/paths.ts'
import { asObject, isObject } from '../answers/json.ts'
import type { RecordedRequest } from '../journal.ts'
import type { ProviderScript } from '../script/script.ts'
import { batchOperation } from './batch-input.ts'
import type { BatchBook } from './batch-book.ts'
import type { FileStore } from './file-store.ts'
import { pageAnswer } from './page.ts'

/** Returns the answer to a request under /v1/batches. */
export function answerBatches(
  book: BatchBook,
  files: FileStore,
  request: RecordedRequest,
  script: ProviderScript,
): Answer {
  const { method, path, query } = request
  const [id, action, ...more] = (readPath(path)?.rest ?? '').split('/')
  if (!id && action === undefined) {
    if (method === 'POST') return create(book, files, request, script)
    if (method === 'GET') return list(book, new URLSearchParams(query))
    return unknownPath(request)
  }
  const looks = method === 'GET' && action === undefined
  const cancels = method === 'POST' && action === 'cancel'
  if (!id || more.length > 0 || !(looks || cancels)) return unknownPath(request)
  const batch = book.get(id)
  if (batch === undefined) return noSuchBatch(id)
  if (cancels && !batch.cancel()) return cannotCancel(batch.look())
  return jsonAnswer(batch)
}

function create(book: BatchBook, files: FileStore, request: RecordedRequest, script: ProviderScript): Answer {
  if (!isObject(request.body)) {
    return badRequest('We could not parse the JSON body of your request. The body must be a JSON object.')
  }
  const {
    input_file_id: inputFile,
    endpoint,
    completion_window: completionWindow,
    metadata = null,
  } = request.body
  for (const param of ['input_file_id', 'endpoint', 'completion_window']) {
    if (request.body[param] === undefined) {
      return badRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter')
    }
  }
  if (typeof endpoint !== 'string' || batchOperation(endpoint) === undefined) {
    return badRequest(
      "Invalid value for 'endpoint'. Supported are /v1/chat/completions, /v1/responses and /v1/embeddings.",
      'endpoint',
      'invalid_value',
    )
  }
  if (completionWindow !== '24h') {
    return badRequest(
      "Invalid value for 'completion_window'. Supported is 24h.",
      'completion_window',
      'invalid_value',
    )
  }
  const wrongMetadata = judgeMetadata(metadata)
  if (wrongMetadata !== undefined) return badRequest(wrongMetadata, 'metadata', 'invalid_value')
  const file = typeof inputFile === 'string' ? files.get(inputFile) : undefined
  if (file?.about.purpose !== 'batch') {
    return badRequest(
      "'input_file_id' must be a file that was uploaded with the purpose 'batch'.",
      'input_file_id',
    )
  }
  if (files.full) return badRequest('The simulator holds no more files; delete some, or reset it.')
  return jsonAnswer(book.create({ endpoint, metadata, file, request, script }))
}

/**
 * Returns an error message for invalid metadata, and undefined for valid metadata. The limits are those of OpenAI: at most
 * 16 keys, 64 characters per key, and 512 characters per value.
 */
function judgeMetadata(metadata: unknown): string | undefined {
  if (metadata === null) return undefined
  if (!isObject(metadata)) return "Invalid type for 'metadata': expected an object."
  const pairs = Object.entries(metadata)
  if (pairs.length > 16) return "Invalid 'metadata': at most 16 properties are allowed."
  const wrong = pairs.find(
    ([key, value]) => key.length > 64 || typeof value !== 'string' || value.length > 512,
  )
  return wrong && `Invalid 'metadata.${wrong[0].slice(0, 64)}': expected a short string.`
}

function list(book: BatchBook, query: URLSearchParams): Answer {
  return pageAnswer(
    book.all().map((batch) => ({ ...asObject(batch.toJSON()), id: batch.order.id })),
    query,
    20,
  )
}

function noSuchBatch(id: string): Answer {
  const message = `No batch found with id '${id}'.`
  return errorAnswer(404, { message, type: 'invalid_request_error', param: null, code: null })
}

function cannotCancel(status: string): Answer {
  const message = `Cannot cancel a batch with status '${status}'.`
  return errorAnswer(409, { message, type: 'invalid_request_error', param: null, code: null })
}
