import { isRecord, type JsonBody } from '../../base/json.ts'
import { continuePrompt, limitLeft, textBefore } from '../shared/continue-request.ts'
import type { AnswerPart, AnswerReader, ContinuationFormat } from '../shared/continuation-format.ts'

/** How a broken message is continued. Claude 4.6 and later refuse an assistant message at the end with status 400. */
export const MESSAGES_CONTINUING: ContinuationFormat = {
  isPlainText({ messages, fallbacks, output_format: format, output_config: config }) {
    const structured = format ?? (isRecord(config) ? config['format'] : undefined)
    return Array.isArray(messages) && structured == null && fallbacks == null
  },
  newReader: () => new MessageReader(),
  requestFor(request, broken, form) {
    const limit = request['max_tokens']
    const left = typeof limit === 'number' ? limitLeft(limit, broken) : Infinity
    if (left === undefined) return undefined
    const before = request['messages'] as readonly unknown[]
    const content = form === 'user-turn' ? broken.sent : textBefore(broken)
    const messages = content === '' ? before : [...before, { role: 'assistant', content }]
    const asking = { role: 'user', content: continuePrompt(broken.anchor) }
    return {
      ...request,
      ...(left !== Infinity && { max_tokens: left }),
      messages: form === 'user-turn' ? [...messages, asking] : messages,
    }
  },
  joined(event, last, first, text) {
    const { index, delta } = event
    const at = { index: Number(index) - Number(first['index']) + Number(last['index']) }
    const moved = index === undefined ? event : { ...event, ...at }
    return isRecord(delta) && delta['type'] === 'text_delta' ? { ...moved, delta: { ...delta, text } } : moved
  },
}

const NOTHING: AnswerPart = { text: '', hasOther: false, isEnd: false }
const OTHER: AnswerPart = { ...NOTHING, hasOther: true }

/** Reads a message whose content is one block of text, after blocks of thinking. Everything else is other content. */
class MessageReader implements AnswerReader {
  #textIndex: unknown

  read(event: JsonBody): AnswerPart {
    const { type, index, content_block: block, delta } = event
    switch (type) {
      case 'content_block_start':
        return this.#readStart(index, isRecord(block) ? block : {})
      case 'content_block_delta':
        return this.#readDelta(index, isRecord(delta) ? delta : {})
      case 'content_block_stop':
        // Nothing can be added to a block that has ended.
        return index === this.#textIndex ? OTHER : NOTHING
      case 'message_delta':
        return { ...NOTHING, isEnd: isRecord(delta) && typeof delta['stop_reason'] === 'string' }
      default:
        return NOTHING
    }
  }

  #readStart(index: unknown, { type, text }: JsonBody): AnswerPart {
    if (type === 'thinking' || type === 'redacted_thinking')
      return this.#textIndex === undefined ? NOTHING : OTHER
    if (type !== 'text' || this.#textIndex !== undefined || text !== '') return OTHER
    this.#textIndex = index
    return NOTHING
  }

  #readDelta(index: unknown, { type, text }: JsonBody): AnswerPart {
    if (type === 'text_delta' && index === this.#textIndex && typeof text === 'string')
      return { ...NOTHING, text }
    return type === 'thinking_delta' || type === 'signature_delta' ? NOTHING : OTHER
  }
}
