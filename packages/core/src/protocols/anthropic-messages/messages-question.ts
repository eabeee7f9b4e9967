import { isRecord, type JsonBody } from '../../base/json.ts'
import { divideMessages, type QuestionFormat } from '../shared/question-format.ts'

/** The question of a request to the Messages API: the last message, if it is a text of the user. */
export const MESSAGES_QUESTION: QuestionFormat = {
  questionOf(request) {
    const divided = divideMessages(request['messages'], 'content')
    return divided && { text: divided.text, rest: { ...request, messages: divided.rest } }
  },
  textOf: ({ content }) => (Array.isArray(content) ? textOfBlocks(content as readonly unknown[]) : undefined),
  textOfEvents(events) {
    const blocks = events
      .filter(({ type }) => type === 'content_block_start')
      .map(({ content_block: block }) => block)
    const beginnings = textOfBlocks(blocks)
    if (beginnings === undefined) return undefined
    const deltas = events.map(({ type, delta }) =>
      type === 'content_block_delta' && isRecord(delta) ? textOfDelta(delta) : '',
    )
    return deltas.includes(undefined) ? undefined : beginnings + deltas.join('')
  },
}

/** Returns the text of blocks that are texts, or thinking; undefined if there are others. */
function textOfBlocks(blocks: readonly unknown[]): string | undefined {
  let whole = ''
  for (const block of blocks) {
    if (!isRecord(block)) return undefined
    if (block['type'] === 'thinking' || block['type'] === 'redacted_thinking') continue
    if (block['type'] !== 'text' || typeof block['text'] !== 'string') return undefined
    whole += block['text']
  }
  return whole
}

function textOfDelta({ type, text }: JsonBody): string | undefined {
  if (type === 'text_delta') return typeof text === 'string' ? text : undefined
  return type === 'thinking_delta' || type === 'signature_delta' ? '' : undefined
}
