import type { LanguageModelV4ResponseMetadata, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { finishReasonOf, headOf, usageOf, type AnswerHead } from './answer-facts.ts'
import { isLeftOut } from './chat-answer.ts'
import { errorAnswer } from './error-answer.ts'
import type { JsonRecord } from './json.ts'
import { incomplete, type RequestError } from './request-error.ts'
import { ToolCallDeltas } from './tool-call-deltas.ts'

const ROLE = { role: 'assistant', content: '' }

/** Converts the parts of a model's stream to the events of a stream of the chat completions API. */
export class ChatChunks {
  /** Whether the end of the stream was converted. */
  isWhole = false
  readonly #requested: string
  readonly #includeUsage: boolean
  readonly #calls = new ToolCallDeltas()
  #metadata: LanguageModelV4ResponseMetadata | undefined
  #head: AnswerHead | undefined

  /** @param requested the model of the request */
  constructor(requested: string, includeUsage: boolean) {
    this.#requested = requested
    this.#includeUsage = includeUsage
  }

  /**
   * Returns the text of the events for a part; an empty text if there are none.
   * @throws RequestError when the model reports an error, or its answer is not whole or cannot be expressed
   */
  textOf(part: LanguageModelV4StreamPart): string {
    switch (part.type) {
      case 'response-metadata':
        this.#metadata = { ...this.#metadata, ...part }
        return ''
      case 'text-delta':
        return part.delta === '' ? '' : this.#chunk({ content: part.delta })
      case 'reasoning-delta':
        return part.delta === '' ? '' : this.#chunk({ reasoning_content: part.delta })
      case 'tool-input-start':
        return this.#callChunk(this.#calls.start(part))
      case 'tool-input-delta':
        return this.#callChunk(this.#calls.delta(part.id, part.delta))
      case 'tool-call':
        return this.#callChunk(this.#calls.whole(part))
      case 'finish':
        return this.#end(part)
      case 'error':
        throw errorAnswer(part.error) ?? incomplete('The connection to the provider broke inside the answer.')
      default:
        // A comment is no event: clients skip it.
        return isLeftOut(part) ? `: left out ${part.type}\n\n` : ''
    }
  }

  #end({ finishReason, usage }: Extract<LanguageModelV4StreamPart, { type: 'finish' }>): string {
    const reason = finishReasonOf(finishReason, this.#calls.count > 0)
    if (this.#calls.isOpen && reason !== 'length' && reason !== 'content_filter')
      throw incomplete('The answer ended inside a tool call.')
    this.isWhole = true
    const last = this.#chunk({}, reason)
    const counts = this.#includeUsage ? usageOf(usage) : undefined
    const counted = counts ? eventOf({ ...this.#fields(), choices: [], usage: counts }) : ''
    return `${last}${counted}data: [DONE]\n\n`
  }

  #callChunk(call: JsonRecord | undefined): string {
    return call ? this.#chunk({ tool_calls: [call] }) : ''
  }

  #chunk(delta: JsonRecord, reason: string | null = null): string {
    const isFirst = this.#head === undefined
    const choice = { index: 0, delta: isFirst ? { ...ROLE, ...delta } : delta, finish_reason: reason }
    return eventOf({
      ...this.#fields(),
      choices: [choice],
      ...(this.#includeUsage && { usage: null }),
    })
  }

  #fields(): JsonRecord {
    this.#head ??= headOf(this.#metadata, this.#requested)
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
