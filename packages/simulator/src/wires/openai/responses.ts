import { type Answer, jsonAnswer, streamAnswer } from '../../answers/answer.ts'
import { generate } from '../../answers/generate.ts'
import { isObject } from '../../answers/json.ts'
import { createdAt } from './chat.ts'
import { type Choice, choiceOf } from './choice.ts'
import { type OutputItem, outputItems } from './output-items.ts'
import { responsesPrompt } from './prompts.ts'
import { tierOf } from './tier.ts'
import type { Question } from '../wire.ts'

/** Returns the answer to POST /v1/responses. */
export function answerResponses(question: Question): Answer {
  const responded = respond(question)
  const { usage, final } = responded
  return question.stream ? streamAnswer(events(responded), usage) : jsonAnswer(final, usage)
}

/** The parts of a Responses answer. */
export interface Responded {
  usage: Answer['usage']
  /** The response object in the first events, without output. */
  base: ResponseObject
  items: readonly OutputItem[]
  /** The complete response object. Its status is `in_progress` if a fault removes the end of the answer. */
  final: ResponseObject
}

export type ResponseObject = ReturnType<typeof responseBase> & { incomplete_details: unknown }

/** Generates the output for a request, and returns it as OpenAI's objects. */
export function respond(question: Question): Responded {
  const { body, fingerprint, reply, ending, script } = question
  const prompt = responsesPrompt(body)
  const choice = choiceOf(generate(prompt, { index: 0, reply, ending }), ending)
  const usage = { input: prompt.inputTokens, output: choice.outputTokens }
  const base = responseBase(question)
  const items = outputItems(choice, fingerprint)
  const final = {
    ...base,
    ...endOf(choice, ending?.reason),
    output: items.map((item) => item.done),
    usage: {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: Math.floor(usage.input * (script.cachedShare ?? 0)) },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: choice.reasoning.length },
      total_tokens: usage.input + usage.output,
    },
  }
  return { usage, base, items, final }
}

/** Returns the response object in the last event of a failed stream. */
export function failedResponse(question: Question, error: unknown) {
  return { ...responseBase(question), status: 'failed', error }
}

/** Formats a server-sent event whose name is its type. */
export function responseEvent(type: string, sequence: number, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...fields })}\n\n`
}

/** Returns the id of a response. `fingerprint` is the hash of its request. */
export function responseId(fingerprint: string): string {
  return `resp_${fingerprint}`
}

function responseBase(question: Question) {
  const { body, fingerprint } = question
  return {
    id: responseId(fingerprint),
    object: 'response',
    created_at: createdAt,
    status: 'in_progress',
    background: body['background'] === true,
    ...(isObject(body['background_options']) && { background_options: body['background_options'] }),
    error: null as unknown,
    incomplete_details: null as unknown,
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    max_tool_calls: null,
    model: body['model'],
    output: [] as readonly unknown[],
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: body['previous_response_id'] ?? null,
    reasoning: { effort: null, summary: null },
    service_tier: tierOf(question),
    store: body['store'] ?? true,
    temperature: body['temperature'] ?? 1,
    text: body['text'] ?? { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: body['tools'] ?? [],
    top_logprobs: 0,
    top_p: body['top_p'] ?? 1,
    truncation: 'disabled',
    usage: null as unknown,
    user: body['user'] ?? null,
    metadata: body['metadata'] ?? {},
  }
}

/** Returns the status of a response, and why it is incomplete. `verbatim` is the reason that a fault sets. */
function endOf({ finish }: Choice, verbatim: string | null | undefined) {
  if (verbatim === null) return {}
  const usual = finish === 'length' ? 'max_output_tokens' : finish === 'content_filter' ? finish : undefined
  const reason = verbatim ?? usual
  return reason === undefined
    ? { status: 'completed' }
    : { status: 'incomplete', incomplete_details: { reason } }
}

function events(responded: Responded): string[] {
  return eventsFrom([['response.created', responded.base]], responded)
}

/** Returns the events of a response that is generated in the background. Its first status is `queued`. */
export function backgroundEvents(responded: Pick<Responded, 'base' | 'items' | 'final'>): string[] {
  const queued = { ...responded.base, status: 'queued' }
  return eventsFrom(
    [
      ['response.created', queued],
      ['response.queued', queued],
    ],
    responded,
  )
}

function eventsFrom(
  first: readonly (readonly [type: string, response: object])[],
  { base, items, final }: Pick<Responded, 'base' | 'items' | 'final'>,
): string[] {
  const frames: string[] = []
  const add = (type: string, fields: object) => frames.push(responseEvent(type, frames.length, fields))
  for (const [type, response] of first) add(type, { response })
  add('response.in_progress', { response: base })
  for (const [output_index, item] of items.entries()) {
    add('response.output_item.added', { output_index, item: item.added })
    for (const [type, fields] of item.steps) add(type, { item_id: item.id, output_index, ...fields })
    add('response.output_item.done', { output_index, item: item.done })
  }
  if (final.status !== 'in_progress') add(`response.${final.status}`, { response: final })
  return frames
}
