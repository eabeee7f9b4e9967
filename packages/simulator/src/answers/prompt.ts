import { asArray, asObject, asString } from './json.ts'
import { estimateTokens } from './tokens.ts'

/** The input of a model, for every endpoint. */
export interface Prompt {
  model: string
  /** The text of all messages, whose hash determines the answer. */
  text: string
  /** The last text of the user. */
  question: string
  inputTokens: number
  tools: readonly Tool[]
  toolChoice: 'auto' | 'none' | 'required' | { name: string }
  parallelToolCalls: boolean
  /** Whether the last message is the result of a tool: then the model answers with text. */
  toolsAnswered: boolean
  maxTokens: number
  /** Texts before which the answer ends. */
  stopSequences: readonly string[]
  /** Whether the model thinks before it answers. */
  thinks: boolean
  /** The JSON schema of the answer; true for any JSON. */
  schema: unknown
}

export interface Tool {
  name: string
  parameters: unknown
}

/** A message, reduced to its text. */
export interface Spoken {
  role: string
  text: string
}

/** The text of a conversation, the last question of the user, and an estimate of the tokens. */
export function conversation(messages: readonly Spoken[]): Pick<Prompt, 'text' | 'question' | 'inputTokens'> {
  let text = ''
  let question = ''
  for (const message of messages) {
    text += message.text + '\n'
    if (message.role === 'user') question = message.text
  }
  // As OpenAI counts: a few tokens for each message, and three for the start of the answer.
  return { text, question, inputTokens: estimateTokens(text) + 3 * messages.length + 3 }
}

/** The text of a content that is a string, or an array of parts of which some have a `text`. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return asArray(content)
    .map((part) => asString(asObject(part)['text']))
    .join(' ')
}

/** A maximum number of tokens; no limit if the request sets none. */
export function limitOf(maxTokens: unknown): number {
  return typeof maxTokens === 'number' ? maxTokens : Infinity
}
