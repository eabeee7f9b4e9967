import { asObject, asString, isObject, type JsonObject } from '../answers/json.ts'
import { demandOf } from '../wires/openai/demand.ts'

/** One request of a batch, from one line of its input file. */
export interface BatchLine {
  customId: string
  body: JsonObject
}

/** An error in the input file of a batch, in the form in which OpenAI reports it. */
export interface BatchProblem {
  code: string
  message: string
  param: string | null
  line: number | null
}

export interface BatchInput {
  operation: BatchOperation
  model: string
  lines: readonly BatchLine[]
  /** The number of tokens that count against the enqueued-token limit. */
  inputTokens: number
  /** The errors in the input file. If there are any, the batch fails. */
  problems: readonly BatchProblem[]
}

export interface InputRules {
  maxRequests: number
  /** The models that exist; undefined if every name is accepted. */
  models: readonly string[] | undefined
}

// As at OpenAI, a batch with many bad lines does not report all of them.
const maxProblems = 100

type BatchOperation = 'chat' | 'responses' | 'embeddings'

const operations: Readonly<Record<string, BatchOperation>> = {
  '/v1/chat/completions': 'chat',
  '/v1/responses': 'responses',
  '/v1/embeddings': 'embeddings',
}

/** Returns the operation of the `endpoint` of a batch; undefined for an endpoint that batches do not support. */
export function batchOperation(endpoint: unknown): BatchOperation | undefined {
  return typeof endpoint === 'string' ? operations[endpoint] : undefined
}

/** Reads and validates the input file of a batch. */
export function readBatchInput(content: Buffer, endpoint: string, rules: InputRules): BatchInput {
  const operation = batchOperation(endpoint) ?? 'chat'
  const lines: BatchLine[] = []
  const problems: BatchProblem[] = []
  const ids = new Set<string>()
  let model = ''
  let inputTokens = 0
  const add = (line: number | null, code: string, message: string, param: string | null = null) => {
    if (problems.length < maxProblems) problems.push({ code, message, param, line })
  }

  for (const [index, text] of content.toString().split('\n').entries()) {
    if (text.trim() === '') continue
    const line = parse(text)
    const wrong = line === undefined ? unparseable : judge(line, endpoint, ids, model)
    if (wrong) add(index + 1, ...wrong)
    if (line === undefined || wrong) continue
    ids.add(line.customId)
    lines.push({ customId: line.customId, body: line.body })
    model ||= asString(line.body['model'])
    inputTokens += demandOf({ operation, body: line.body }).input
  }

  if (lines.length === 0 && problems.length === 0) add(null, 'empty_file', 'The input file is empty.')
  if (lines.length > rules.maxRequests) {
    const message = `The batch has ${lines.length} requests, more than the ${rules.maxRequests} that are allowed.`
    add(null, 'too_many_tasks', message)
  }
  if (model && rules.models?.includes(model) === false) {
    add(
      1,
      'model_not_found',
      `The provided model '${model}' is not supported by the Batch API.`,
      'body.model',
    )
  }
  return { operation, model, lines, inputTokens, problems }
}

type Wrong = readonly [code: string, message: string, param?: string]

const unparseable: Wrong = ['invalid_json_line', 'This line is not parseable as valid JSON.']

interface ParsedLine extends BatchLine {
  method: unknown
  url: unknown
}

function parse(text: string): ParsedLine | undefined {
  try {
    const line: unknown = JSON.parse(text)
    if (!isObject(line)) return undefined
    const { custom_id: id, body, method, url } = line
    return { customId: asString(id), body: asObject(body), method, url }
  } catch {
    return undefined
  }
}

function judge(
  { customId, body, method, url }: ParsedLine,
  endpoint: string,
  ids: ReadonlySet<string>,
  model: string,
): Wrong | undefined {
  if (customId === '') return missing('custom_id')
  if (ids.has(customId)) {
    return ['duplicate_custom_id', 'The custom_id of this line was used before in the file.', 'custom_id']
  }
  if (method !== 'POST') return ['invalid_method', "The 'method' must be POST.", 'method']
  if (url !== endpoint) {
    return ['url_mismatch', `The 'url' of this line must be the batch's endpoint, ${endpoint}.`, 'url']
  }
  if (typeof body['model'] !== 'string' || body['model'] === '') return missing('body.model')
  if (model && body['model'] !== model) {
    return ['model_mismatch', `All lines must ask the same model, which is '${model}' here.`, 'body.model']
  }
  return undefined
}

function missing(param: string): Wrong {
  return ['missing_required_parameter', `Missing required parameter: '${param}'.`, param]
}
