import { OptionError } from '../base/errors.ts'
import { isRecord } from '../base/json.ts'
import type { Answer, Exchange, StreamEnd } from './exchange.ts'

type Body = Readonly<Record<string, unknown>>

const LAST_RESORT = 'last-resort'

/**
 * Makes an answer of what `lastResort` returned, in the form that the request expects: a text becomes a whole answer, and either
 * becomes a stream if the call is one.
 * @param value a text, or the body of an answer
 * @throws OptionError for anything else
 */
export function lastResortAnswer(exchange: Exchange, value: unknown): Answer {
  const { operation, streaming, receipt, policy } = exchange
  const facts = {
    id: receipt.id,
    model: receipt.model ?? LAST_RESORT,
    at: Math.floor(policy.clock.now() / 1_000),
  }
  const body = bodyOf(operation.name, value, facts)
  const headers = new Headers({ 'x-harbor-degraded': 'true' })
  const head = { status: 200, statusText: 'OK', headers, url: exchange.url }
  headers.set('content-type', streaming ? 'text/event-stream' : 'application/json')
  if (!streaming) return { ...head, body: { kind: 'text', text: JSON.stringify(body) } }
  const events = operation.name === 'responses' ? responseEvents(body) : chatEvents(body, operation.name)
  return { ...head, body: { kind: 'stream', ...streamOf(events) } }
}

interface Facts {
  readonly id: string
  readonly model: string
  /** Seconds since the epoch. */
  readonly at: number
}

function bodyOf(operation: Exchange['operation']['name'], value: unknown, { id, model, at }: Facts): Body {
  if (isRecord(value)) return value
  if (typeof value !== 'string' || operation === 'embeddings' || operation === 'other') {
    throw new OptionError(
      'lastResort',
      `lastResort must return a text, the body of an answer, or undefined; got ${typeof value} for ${operation}.`,
    )
  }
  if (operation === 'responses') return responseOf(value, { id, model, at })
  const choice =
    operation === 'chat'
      ? {
          index: 0,
          message: { role: 'assistant', content: value, refusal: null },
          finish_reason: 'stop',
          logprobs: null,
        }
      : { index: 0, text: value, finish_reason: 'stop', logprobs: null }
  const object = operation === 'chat' ? 'chat.completion' : 'text_completion'
  return { id: `${LAST_RESORT}-${id}`, object, created: at, model, choices: [choice] }
}

function responseOf(text: string, { id, model, at }: Facts): Body {
  const content = [{ type: 'output_text', text, annotations: [] }]
  return {
    id: `resp_${LAST_RESORT}_${id}`,
    object: 'response',
    created_at: at,
    status: 'completed',
    model,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    output: [{ id: `msg_${id}`, type: 'message', role: 'assistant', status: 'completed', content }],
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
  }
}

/** A chunk with the content of each choice, one that ends them, and `[DONE]`. */
function chatEvents(body: Body, operation: string): readonly string[] {
  const object = operation === 'chat' ? 'chat.completion.chunk' : 'text_completion'
  const choices = recordsIn(body['choices'])
  const said = choices.map(({ index = 0, message, text }) => {
    if (operation !== 'chat') return { index, text, finish_reason: null }
    return { index, delta: deltaOf(isRecord(message) ? message : {}), finish_reason: null }
  })
  const ended = choices.map(({ index = 0, finish_reason = 'stop' }) =>
    operation === 'chat' ? { index, delta: {}, finish_reason } : { index, text: '', finish_reason },
  )
  const { usage } = body
  const chunks = [
    { ...body, object, choices: said },
    { ...body, object, choices: ended, ...(usage !== undefined && { usage }) },
  ]
  return [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n']
}

/** In a stream, each tool call has an index. */
function deltaOf(message: Body): Body {
  const calls = recordsIn(message['tool_calls'])
  return calls.length === 0
    ? message
    : { ...message, tool_calls: calls.map((call, index) => ({ index, ...call })) }
}

/** The events from which SDK helpers assemble a response: messages in parts, other items whole. */
function responseEvents(response: Body): readonly string[] {
  const events: Body[] = [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
  ]
  for (const [output_index, item] of recordsIn(response['output']).entries()) {
    const parts = recordsIn(item['content'])
    const place = { output_index, item_id: item['id'] }
    const begun = { ...item, status: 'in_progress', ...('content' in item && { content: [] }) }
    events.push({ type: 'response.output_item.added', output_index, item: begun })
    for (const [content_index, part] of parts.entries()) {
      const at = { ...place, content_index }
      const isText = part['type'] === 'output_text'
      events.push({ type: 'response.content_part.added', ...at, part: isText ? { ...part, text: '' } : part })
      if (isText) {
        events.push({ type: 'response.output_text.delta', ...at, delta: part['text'], logprobs: [] })
        events.push({ type: 'response.output_text.done', ...at, text: part['text'], logprobs: [] })
      }
      events.push({ type: 'response.content_part.done', ...at, part })
    }
    events.push({ type: 'response.output_item.done', output_index, item })
  }
  events.push({ type: 'response.completed', response })
  return events.map((event, sequence_number) => {
    const data = { ...event, sequence_number }
    return `event: ${String(event['type'])}\ndata: ${JSON.stringify(data)}\n\n`
  })
}

function recordsIn(value: unknown): readonly Body[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

/** A stream of events that are all there already. It ends when it was read or cancelled. */
function streamOf(events: readonly string[]): {
  chunks: AsyncIterable<Uint8Array>
  ended: Promise<StreamEnd>
  abandon: () => void
} {
  const { promise, resolve } = Promise.withResolvers<StreamEnd>()
  const encoder = new TextEncoder()
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      for (const event of events) yield await Promise.resolve(encoder.encode(event))
      resolve({ outcome: 'success' })
    } finally {
      resolve({ outcome: 'aborted' })
    }
  }
  return { chunks: read(), ended: promise, abandon: () => resolve({ outcome: 'aborted' }) }
}
