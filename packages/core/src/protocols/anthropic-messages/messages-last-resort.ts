import { isRecord, type JsonBody } from '../../base/json.ts'
import { LAST_RESORT, recordsIn } from '../openai/last-resort.ts'
import type { LastResortFacts, LastResortFormat } from '../protocol.ts'

/** How an answer of the option `lastResort` is put into the Messages format, as a whole message and as stream events. */
export const MESSAGES_LAST_RESORT: LastResortFormat = { bodyOf: messageOf, eventsOf: messageEvents }

const NO_USAGE = { input_tokens: 0, output_tokens: 0 }

function messageOf(text: string, { id, model }: LastResortFacts): JsonBody {
  return {
    id: `msg_${LAST_RESORT}_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text, citations: null }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: NO_USAGE,
  }
}

/** Turns a whole message into the stream events from which SDK helpers assemble it. */
function messageEvents(message: JsonBody): readonly string[] {
  const { stop_reason = 'end_turn', stop_sequence = null, usage = NO_USAGE } = message
  const events: JsonBody[] = [
    {
      type: 'message_start',
      message: { ...message, content: [], stop_reason: null, stop_sequence: null, usage },
    },
  ]
  for (const [index, block] of recordsIn(message['content']).entries()) {
    const { start, deltas } = partsOf(block)
    events.push({ type: 'content_block_start', index, content_block: start })
    for (const delta of deltas) events.push({ type: 'content_block_delta', index, delta })
    events.push({ type: 'content_block_stop', index })
  }
  events.push({ type: 'message_delta', delta: { stop_reason, stop_sequence }, usage })
  events.push({ type: 'message_stop' })
  return events.map((event) => `event: ${String(event['type'])}\ndata: ${JSON.stringify(event)}\n\n`)
}

/**
 * Splits a content block for a stream into the block that is announced and the deltas that fill it. Only texts, thoughts and tool calls
 * have deltas. Blocks of other types are announced whole.
 */
function partsOf(block: JsonBody): { start: JsonBody; deltas: readonly JsonBody[] } {
  switch (block['type']) {
    case 'text':
      return { start: { ...block, text: '' }, deltas: [{ type: 'text_delta', text: block['text'] }] }
    case 'thinking':
      return {
        start: { ...block, thinking: '', signature: '' },
        deltas: [
          { type: 'thinking_delta', thinking: block['thinking'] },
          { type: 'signature_delta', signature: block['signature'] ?? '' },
        ],
      }
    case 'tool_use':
      return {
        start: { ...block, input: {} },
        deltas: [{ type: 'input_json_delta', partial_json: jsonOf(block['input']) }],
      }
    default:
      return { start: block, deltas: [] }
  }
}

function jsonOf(input: unknown): string {
  return JSON.stringify(isRecord(input) ? input : {})
}
