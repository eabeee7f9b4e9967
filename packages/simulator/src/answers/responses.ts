import { type Answer, jsonAnswer, streamAnswer } from './answer.ts'
import { type AnswerOptions, createdAt } from './chat.ts'
import { type Generation, generate } from './generate.ts'
import type { JsonObject } from './json.ts'
import { responsesPrompt } from './prompt.ts'

/** The answer to POST /v1/responses. */
export function answerResponses(body: JsonObject, options: AnswerOptions): Answer {
  const { stream, fingerprint, reply, finish } = options
  const prompt = responsesPrompt(body)
  const generation = generate(prompt, { index: 0, reply, finish })
  const usage = { input: prompt.inputTokens, output: generation.outputTokens }
  const base = responseBase(body, fingerprint)
  const output = outputItems(generation, fingerprint)
  const final = {
    ...base,
    ...ending(generation),
    output: output.map((item) => item.done),
    usage: {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: generation.reasoning.length },
      total_tokens: usage.input + usage.output,
    },
  }
  return stream ? streamAnswer(events(base, output, final), usage) : jsonAnswer(final, usage)
}

/** The response object in the last event of a failed stream. */
export function failedResponse(body: JsonObject, fingerprint: string, error: unknown) {
  return { ...responseBase(body, fingerprint), status: 'failed', error }
}

/** An event named by its type. */
export function responseEvent(type: string, sequence: number, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...fields })}\n\n`
}

function responseBase(body: JsonObject, fingerprint: string) {
  return {
    id: `resp_${fingerprint}`,
    object: 'response',
    created_at: createdAt,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    max_tool_calls: null,
    model: body['model'],
    output: [] as readonly unknown[],
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: body['previous_response_id'] ?? null,
    reasoning: { effort: null, summary: null },
    service_tier: 'default',
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

function ending({ finish }: Generation) {
  if (finish === 'stop' || finish === 'tool_calls') return { status: 'completed' }
  const reason = finish === 'length' ? 'max_output_tokens' : 'content_filter'
  return { status: 'incomplete', incomplete_details: { reason } }
}

/** An item of the output, with its events. */
interface OutputItem {
  id: string
  added: object
  done: object
  steps: readonly (readonly [type: string, fields: object])[]
}

function outputItems(generation: Generation, fingerprint: string): OutputItem[] {
  const items: OutputItem[] = []
  if (generation.reasoning.length > 0) {
    const item = { id: `rs_${fingerprint}`, type: 'reasoning', summary: [] }
    items.push({ id: item.id, added: item, done: item, steps: [] })
  }
  for (const call of generation.toolCalls) {
    const id = `fc_${call.id.slice(5)}`
    const item = { id, type: 'function_call', call_id: call.id, name: call.name }
    const whole = call.arguments.join('')
    items.push({
      id,
      added: { ...item, status: 'in_progress', arguments: '' },
      done: { ...item, status: 'completed', arguments: whole },
      steps: [
        ...call.arguments.map((delta) => ['response.function_call_arguments.delta', { delta }] as const),
        ['response.function_call_arguments.done', { name: call.name, arguments: whole }],
      ],
    })
  }
  if (generation.toolCalls.length === 0) items.push(messageItem(generation, fingerprint))
  return items
}

function messageItem({ content, finish }: Generation, fingerprint: string): OutputItem {
  const item = { id: `msg_${fingerprint}`, type: 'message', role: 'assistant' }
  const text = content.join('')
  const part = { type: 'output_text', annotations: [], logprobs: [], text }
  return {
    id: item.id,
    added: { ...item, status: 'in_progress', content: [] },
    done: { ...item, status: finish === 'stop' ? 'completed' : 'incomplete', content: [part] },
    steps: [
      ['response.content_part.added', { content_index: 0, part: { ...part, text: '' } }],
      ...content.map(
        (delta) => ['response.output_text.delta', { content_index: 0, delta, logprobs: [] }] as const,
      ),
      ['response.output_text.done', { content_index: 0, text, logprobs: [] }],
      ['response.content_part.done', { content_index: 0, part }],
    ],
  }
}

function events(base: object, output: readonly OutputItem[], final: { status: string }): string[] {
  const frames: string[] = []
  const add = (type: string, fields: object) => frames.push(responseEvent(type, frames.length, fields))
  add('response.created', { response: base })
  add('response.in_progress', { response: base })
  for (const [output_index, item] of output.entries()) {
    add('response.output_item.added', { output_index, item: item.added })
    for (const [type, fields] of item.steps) add(type, { item_id: item.id, output_index, ...fields })
    add('response.output_item.done', { output_index, item: item.done })
  }
  add(`response.${final.status}`, { response: final })
  return frames
}
