import { asArray, asObject, asString } from './json.ts'
import { estimateTokens } from './tokens.ts'

/** The input of a model, in the same form for every endpoint. */
export interface Prompt {
  model: string
  /** The text of all messages. Its hash is part of the seed from which the answer is generated. */
  text: string
  /** The text of the last user message. */
  question: string
  inputTokens: number
  tools: readonly Tool[]
  toolChoice: 'auto' | 'none' | 'required' | { name: string }
  parallelToolCalls: boolean
  /** Whether the last message is the result of a tool. If so, the model answers with text. */
  toolsAnswered: boolean
  maxTokens: number
  /** The stop sequences. The answer ends before the first one that it contains. */
  stopSequences: readonly string[]
  /** Whether the model sends thoughts before the answer. */
  thinks: boolean
  /** The JSON schema of the answer. true stands for any JSON, undefined for text. */
  schema: unknown
}

export interface Tool {
  name: string
  parameters: unknown
}

/** A message of a conversation, reduced to its role and text. */
export interface Spoken {
  role: string
  text: string
}

/** Returns the text of a conversation, the text of its last user message, and an estimate of its tokens. */
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

/** Returns the text of the content of a message, which is a string, or an array of parts. Parts without a `text` are ignored. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return asArray(content)
    .map((part) => asString(asObject(part)['text']))
    .join(' ')
}

/** Returns the maximum number of tokens in a request, or Infinity if the request sets none. */
export function limitOf(maxTokens: unknown): number {
  return typeof maxTokens === 'number' ? maxTokens : Infinity
}
