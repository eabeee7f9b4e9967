import { isRecord, type JsonBody } from '../../base/json.ts'
import type { LastResortFacts, LastResortFormat } from '../protocol.ts'
import { LAST_RESORT, recordsIn } from '../openai/last-resort.ts'

/** A chat answer of the caller's own. */
export const CHAT_LAST_RESORT: LastResortFormat = {
  bodyOf: (text, facts) =>
    bodyOf(
      'chat.completion',
      { message: { role: 'assistant', content: text, refusal: null }, finish_reason: 'stop' },
      facts,
    ),
  eventsOf: (body) =>
    eventsOf(body, 'chat.completion.chunk', {
      said: ({ index = 0, message }) => ({
        index,
        delta: deltaOf(isRecord(message) ? message : {}),
        finish_reason: null,
      }),
      ended: ({ index = 0, finish_reason = 'stop' }) => ({ index, delta: {}, finish_reason }),
    }),
}

/** The same for the older Completions. */
export const COMPLETION_LAST_RESORT: LastResortFormat = {
  bodyOf: (text, facts) => bodyOf('text_completion', { text, finish_reason: 'stop' }, facts),
  eventsOf: (body) =>
    eventsOf(body, 'text_completion', {
      said: ({ index = 0, text }) => ({ index, text, finish_reason: null }),
      ended: ({ index = 0, finish_reason = 'stop' }) => ({ index, text: '', finish_reason }),
    }),
}

function bodyOf(object: string, choice: JsonBody, { id, model, at }: LastResortFacts): JsonBody {
  const choices = [{ index: 0, ...choice, logprobs: null }]
  return { id: `${LAST_RESORT}-${id}`, object, created: at, model, choices }
}

interface Chunks {
  readonly said: (choice: JsonBody) => JsonBody
  readonly ended: (choice: JsonBody) => JsonBody
}

/** A chunk with the content of each choice, one that ends them, and the end. */
function eventsOf(body: JsonBody, object: string, { said, ended }: Chunks): readonly string[] {
  const choices = recordsIn(body['choices'])
  const { usage } = body
  const chunks = [
    { ...body, object, choices: choices.map(said) },
    { ...body, object, choices: choices.map(ended), ...(usage !== undefined && { usage }) },
  ]
  return [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n']
}

/** In a stream, each tool call names its place in the list. */
function deltaOf(message: JsonBody): JsonBody {
  const calls = recordsIn(message['tool_calls'])
  return calls.length === 0
    ? message
    : { ...message, tool_calls: calls.map((call, index) => ({ index, ...call })) }
}
