import type { LanguageModelV4StreamPart, LanguageModelV4ToolCall } from '@ai-sdk/provider'
import { answerText } from './chat-answer.ts'
import { parseJson, type JsonRecord } from '../json.ts'
import { incomplete } from './request-error.ts'

interface OpenCall {
  readonly index: number
  /** Whether the pieces of the input are JSON, so that they may be sent before the call is whole. */
  readonly isJson: boolean
  sent: string
}

type StartPart = Extract<LanguageModelV4StreamPart, { type: 'tool-input-start' }>

/** Converts the parts of tool calls in a stream to deltas of OpenAI's format, each with the index of its call. */
export class ToolCallDeltas {
  readonly #open = new Map<string, OpenCall>()
  /** The ids of calls that the provider carries out itself. They are not sent. */
  readonly #ofProvider = new Set<string>()
  #count = 0

  /** The number of calls so far. */
  get count(): number {
    return this.#count
  }

  /** Whether a call was begun, and its end is missing. */
  get isOpen(): boolean {
    return this.#open.size > 0
  }

  start({ id, toolName, inputEncoding, providerExecuted }: StartPart): JsonRecord | undefined {
    if (providerExecuted === true) {
      this.#ofProvider.add(id)
      return undefined
    }
    if (this.#open.has(id)) throw incomplete('The model began a tool call again before its end.')
    const index = this.#count++
    this.#open.set(id, { index, isJson: inputEncoding !== 'text', sent: '' })
    return begun(index, id, toolName, '')
  }

  delta(id: string, piece: string): JsonRecord | undefined {
    const call = this.#open.get(id)
    if (!call) {
      if (this.#ofProvider.has(id)) return undefined
      throw incomplete('The model sent a piece of a tool call that was not begun.')
    }
    if (!call.isJson || piece === '') return undefined
    call.sent += piece
    return { index: call.index, function: { arguments: piece } }
  }

  /** Returns what of a whole call was not sent yet. @throws RequestError when the call differs from its pieces */
  whole({
    toolCallId,
    toolName,
    input: given,
    providerExecuted,
  }: LanguageModelV4ToolCall): JsonRecord | undefined {
    if (providerExecuted === true) {
      // A provider may say only at the end that it carries out the call.
      if (this.#open.has(toolCallId))
        throw incomplete('The model sent a tool call that its provider carries out.')
      return undefined
    }
    const input = answerText(given, 'the input of a tool call')
    const call = this.#open.get(toolCallId)
    if (!call) return begun(this.#count++, toolCallId, toolName, input)
    this.#open.delete(toolCallId)
    if (input.startsWith(call.sent)) {
      const rest = input.slice(call.sent.length)
      return rest === '' ? undefined : { index: call.index, function: { arguments: rest } }
    }
    if (JSON.stringify(parseJson(call.sent)) === JSON.stringify(parseJson(input))) return undefined
    throw incomplete('The model sent a tool call that differs from its pieces.')
  }
}

function begun(index: number, id: string, name: string, input: string): JsonRecord {
  return { index, id, type: 'function', function: { name, arguments: input } }
}
