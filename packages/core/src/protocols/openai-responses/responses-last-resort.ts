import type { JsonBody } from '../../base/json.ts'
import { LAST_RESORT, recordsIn } from '../openai/last-resort.ts'
import type { LastResortFacts, LastResortFormat } from '../protocol.ts'

/** How an answer of the option `lastResort` is put into the Responses format, as a whole body and as stream events. */
export const RESPONSES_LAST_RESORT: LastResortFormat = { bodyOf: responseOf, eventsOf: responseEvents }

function responseOf(text: string, { id, model, at }: LastResortFacts): JsonBody {
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

/**
 * Turns a whole response into the stream events from which SDK helpers assemble it. Texts are sent as deltas. All other parts and items are
 * sent whole.
 */
function responseEvents(response: JsonBody): readonly string[] {
  const events: JsonBody[] = [
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
