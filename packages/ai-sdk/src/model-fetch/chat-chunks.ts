import type { LanguageModelV4ResponseMetadata, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { finishReasonOf, headOf, usageOf, type AnswerHead } from './answer-facts.ts'
import { BlockOrder } from './block-order.ts'
import { answerText, checkLeftOut, wordIn, type AnswerFormat } from './chat-answer.ts'
import type { Dropped } from './dropped.ts'
import { errorAnswer } from './error-answer.ts'
import { isRecord, type JsonRecord } from '../json.ts'
import { incomplete, malformed, type RequestError } from './request-error.ts'
import { ToolCallDeltas } from './tool-call-deltas.ts'

const ROLE = { role: 'assistant', content: '' }

/** Converts the parts of a model's stream to the events of a stream of the chat completions API. */
export class ChatChunks {
  /** Whether the end of the stream was converted. */
  isWhole = false
  readonly #format: AnswerFormat
  readonly #dropped: Dropped
  readonly #calls = new ToolCallDeltas()
  readonly #texts = new BlockOrder()
  readonly #thoughts = new BlockOrder()
  #metadata: LanguageModelV4ResponseMetadata | undefined
  #head: AnswerHead | undefined

  /** @param dropped collects what is left out before the first event, while the headers are not sent yet */
  constructor(format: AnswerFormat, dropped: Dropped) {
    this.#format = format
    this.#dropped = dropped
  }

  /**
   * Returns the text of the events for a part; an empty text if there are none.
   * @throws RequestError when the model reports an error, or its answer is not whole or cannot be expressed
   */
  textOf(part: LanguageModelV4StreamPart): string {
    const read: unknown = part
    if (!isRecord(read)) throw malformed('a part of its stream is not an object')
    switch (part.type) {
      case 'response-metadata':
        this.#metadata = { ...this.#metadata, ...part }
        return ''
      case 'text-start':
        this.#texts.start(part.id)
        return ''
      case 'text-delta':
        return this.#text(this.#texts.piece(part.id, answerText(part.delta, 'a piece of a text')))
      case 'text-end':
        return this.#text(this.#texts.end(part.id)) + (part.citations ? this.#leftOut('citations') : '')
      case 'reasoning-start':
        this.#thoughts.start(part.id)
        return ''
      case 'reasoning-delta':
        return this.#thought(this.#thoughts.piece(part.id, answerText(part.delta, 'a piece of reasoning')))
      case 'reasoning-end':
        return this.#thought(this.#thoughts.end(part.id))
      case 'tool-input-start':
        return this.#callChunk(this.#calls.start(part))
      case 'tool-input-delta':
        return this.#callChunk(this.#calls.delta(part.id, answerText(part.delta, 'a piece of a tool call')))
      case 'tool-call':
        return this.#callChunk(this.#calls.whole(part))
      case 'finish':
        return this.#end(part)
      case 'error':
        throw errorAnswer(part.error) ?? incomplete('The connection to the provider broke inside the answer.')
      case 'stream-start':
      case 'tool-input-end':
      case 'ping':
      case 'raw':
        return ''
      default:
        checkLeftOut(part)
        // Anthropic's package repeats the first event of each stream in this form. It is not a part of the answer.
        return part.type === 'custom' && part.kind.endsWith('.message_start') ? '' : this.#leftOut(part.type)
    }
  }

  #end({ finishReason, usage }: Extract<LanguageModelV4StreamPart, { type: 'finish' }>): string {
    const reason = finishReasonOf(finishReason, this.#calls.count)
    if (this.#calls.isOpen && reason !== 'length' && reason !== 'content_filter')
      throw incomplete('The answer ended inside a tool call.')
    const rest = this.#thought(this.#thoughts.endAll()) + this.#text(this.#texts.endAll())
    const last = rest + this.#chunk({}, wordIn(reason, this.#format.isOlder))
    const counts = this.#format.includeUsage ? usageOf(usage) : undefined
    const counted = counts ? eventOf({ ...this.#fields(), choices: [], usage: counts }) : ''
    this.isWhole = true
    return `${last}${counted}data: [DONE]\n\n`
  }

  #text(content: string): string {
    return content === '' ? '' : this.#chunk({ content })
  }

  #thought(text: string): string {
    return text === '' ? '' : this.#chunk({ reasoning_content: text })
  }

  #callChunk(call: JsonRecord | undefined): string {
    if (!call) return ''
    if (!this.#format.isOlder) return this.#chunk({ tool_calls: [call] })
    return call['index'] === 0 ? this.#chunk({ function_call: call['function'] }) : this.#leftOut('tool-call')
  }

  #chunk(delta: JsonRecord, reason: string | null = null): string {
    const isFirst = this.#head === undefined
    const choice = { index: 0, delta: isFirst ? { ...ROLE, ...delta } : delta, finish_reason: reason }
    return eventOf({
      ...this.#fields(),
      choices: [choice],
      ...(this.#format.includeUsage && { usage: null }),
    })
  }

  /** Reports a part that is left out. A comment is no event, and an error after it could not have a status of its own. */
  #leftOut(type: string): string {
    if (this.#head) return `: left out ${type}\n\n`
    this.#dropped.add(`answer:${type}`)
    return ''
  }

  #fields(): JsonRecord {
    this.#head ??= headOf(this.#metadata, this.#format.requested)
    return { ...this.#head, object: 'chat.completion.chunk' }
  }
}

/** Returns the text of an error event. */
export function errorEvent({ body }: RequestError): string {
  return eventOf(body)
}

function eventOf(json: JsonRecord): string {
  return `data: ${JSON.stringify(json)}\n\n`
}
