import { type Answer, bodyAnswer, jsonAnswer } from '../answers/answer.ts'
import { badRequest, errorAnswer, unknownPath } from '../wires/openai/errors.ts'
import { readPath } from '../wires/openai/paths.ts'
import type { RecordedRequest } from '../journal.ts'
import type { BatchScript } from './batch-script.ts'
import type { FileStore } from './file-store.ts'
import { readMultipart } from './multipart.ts'
import { pageAnswer } from './page.ts'

const purposes = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals']

/** Returns the answer to a request under /v1/files. */
export function answerFiles(
  files: FileStore,
  request: RecordedRequest,
  raw: Buffer,
  { maxFileBytes = 200_000_000 }: BatchScript,
): Answer {
  const { method, path, query } = request
  const [id, action, ...more] = (readPath(path)?.rest ?? '').split('/')
  if (!id && action === undefined) {
    if (method === 'POST') return upload(files, request, raw, maxFileBytes)
    if (method === 'GET') return list(files, new URLSearchParams(query))
    return unknownPath(request)
  }
  if (!id || more.length > 0 || !['GET', 'DELETE'].includes(method)) return unknownPath(request)
  const file = files.get(id)
  if (file === undefined) return noSuchFile(id)
  if (method === 'GET' && action === 'content') {
    return bodyAnswer(200, 'application/octet-stream', file.content.toString())
  }
  if (action !== undefined) return unknownPath(request)
  if (method === 'GET') return jsonAnswer(file.about)
  files.delete(id)
  return jsonAnswer({ id, object: 'file', deleted: true })
}

function upload(files: FileStore, { headers }: RecordedRequest, raw: Buffer, maxFileBytes: number): Answer {
  const parts = readMultipart(headers['content-type'] ?? '', raw)
  if (parts === undefined) return badRequest('The body must be whole multipart/form-data.')
  const purpose = parts.find(({ name }) => name === 'purpose')?.content.toString()
  const file = parts.find(({ name }) => name === 'file')
  if (purpose === undefined) return badRequest("'purpose' is a required property", 'purpose')
  if (!purposes.includes(purpose)) {
    return badRequest(`'${purpose}' is not one of ${purposes.join(', ')}`, 'purpose')
  }
  if (file?.filename === undefined) return badRequest("'file' is a required property", 'file')
  if (purpose === 'batch' && !file.filename.endsWith('.jsonl')) {
    return badRequest('Invalid file format for Batch API. Must be .jsonl', 'file')
  }
  if (purpose === 'batch' && file.content.length > maxFileBytes) return badRequest('File is too large.')
  if (files.full) return badRequest('The simulator holds no more files; delete some, or reset it.')
  return jsonAnswer(files.add(file.filename, purpose, file.content))
}

function list(files: FileStore, query: URLSearchParams): Answer {
  const purpose = query.get('purpose')
  const wanted = files.all().filter((file) => purpose === null || file.purpose === purpose)
  return pageAnswer(wanted, query, 10_000)
}

function noSuchFile(id: string): Answer {
  const message = `No such File object: ${id}`
  return errorAnswer(404, { message, type: 'invalid_request_error', param: 'id', code: null })
}
