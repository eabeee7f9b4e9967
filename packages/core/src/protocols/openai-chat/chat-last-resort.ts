import { isRecord, type JsonBody } from '../../base/json.ts'
import type { LastResortFacts, LastResortFormat } from '../protocol.ts'
import { LAST_RESORT, recordsIn } from '../openai/last-resort.ts'

/** How an answer of the option `lastResort` is put into the chat format, as a whole body and as stream events. */
export const CHAT_LAST_RESORT: LastResortFormat = {
  bodyOf: (text, facts) =>
    bodyOf(
      'chat.completion',
      { message: { role: 'assistant', content: text, refusal: null }, finish_reason: 'stop' },
      facts,
    ),
  eventsOf: (body) =>
    eventsOf(body, 'chat.completion.chunk', {
      contentChunk: ({ index = 0, message }) => ({
        index,
        delta: deltaOf(isRecord(message) ? message : {}),
        finish_reason: null,
      }),
      finalChunk: ({ index = 0, finish_reason = 'stop' }) => ({ index, delta: {}, finish_reason }),
    }),
}

/** How an answer of the option `lastResort` is put into the format of the older Completions, as a whole body and as stream events. */
export const COMPLETION_LAST_RESORT: LastResortFormat = {
  bodyOf: (text, facts) => bodyOf('text_completion', { text, finish_reason: 'stop' }, facts),
  eventsOf: (body) =>
    eventsOf(body, 'text_completion', {
      contentChunk: ({ index = 0, text }) => ({ index, text, finish_reason: null }),
      finalChunk: ({ index = 0, finish_reason = 'stop' }) => ({ index, text: '', finish_reason }),
    }),
}

function bodyOf(object: string, choice: JsonBody, { id, model, at }: LastResortFacts): JsonBody {
  const choices = [{ index: 0, ...choice, logprobs: null }]
  return { id: `${LAST_RESORT}-${id}`, object, created: at, model, choices }
}

interface Chunks {
  readonly contentChunk: (choice: JsonBody) => JsonBody
  readonly finalChunk: (choice: JsonBody) => JsonBody
}

/** Turns a whole answer into three events: a chunk with the content of all choices, a chunk that ends them, and `[DONE]`. */
function eventsOf(body: JsonBody, object: string, { contentChunk, finalChunk }: Chunks): readonly string[] {
  const choices = recordsIn(body['choices'])
  const { usage } = body
  const chunks = [
    { ...body, object, choices: choices.map(contentChunk) },
    { ...body, object, choices: choices.map(finalChunk), ...(usage !== undefined && { usage }) },
  ]
  return [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n']
}

/** Turns a message into a stream's delta. In a delta, unlike in a whole message, each tool call has its `index`. */
function deltaOf(message: JsonBody): JsonBody {
  const calls = recordsIn(message['tool_calls'])
  return calls.length === 0
    ? message
    : { ...message, tool_calls: calls.map((call, index) => ({ index, ...call })) }
}
