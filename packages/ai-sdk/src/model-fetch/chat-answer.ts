import type { LanguageModelV4Content, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { finishReasonOf, headOf, usageOf } from './answer-facts.ts'
import type { Dropped } from './dropped.ts'
import type { JsonRecord } from './json.ts'
import { inexpressible } from './request-error.ts'

/** The types of content that an answer of OpenAI cannot contain, and that are left out, since the answer is whole without them. */
const LEFT_OUT: ReadonlySet<string> = new Set(['source', 'custom', 'reasoning-file', 'tool-result'])

/**
 * Whether a part of an answer is left out: it only documents what the provider did on the way to the answer.
 * @throws RequestError when the part is an essential part of the answer
 */
export function isLeftOut({ type }: { readonly type: string }): boolean {
  if (LEFT_OUT.has(type)) return true
  if (type === 'file') throw inexpressible('a file')
  if (type === 'tool-approval-request') throw inexpressible('a request for approval')
  return false
}

/**
 * Converts the result of a model to an answer of the chat completions API.
 * @param requested the model of the request
 * @param dropped collects the parts of the answer that are left out
 * @throws RequestError when the answer is not whole, or cannot be expressed
 */
export function chatAnswerOf(
  result: LanguageModelV4GenerateResult,
  requested: string,
  dropped: Dropped,
): JsonRecord {
  const texts: string[] = []
  const thoughts: string[] = []
  const calls: JsonRecord[] = []
  for (const part of result.content) read(part, { texts, thoughts, calls }, dropped)
  const finishReason = finishReasonOf(result.finishReason, calls.length > 0)
  const text = result.structuredOutputText ?? texts.join('')
  const usage = usageOf(result.usage)
  const message = {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    ...(thoughts.length > 0 && { reasoning_content: thoughts.join('') }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  return {
    ...headOf(result.response, requested),
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason }],
    ...(usage && { usage }),
  }
}

interface Collected {
  readonly texts: string[]
  readonly thoughts: string[]
  readonly calls: JsonRecord[]
}

function read(part: LanguageModelV4Content, { texts, thoughts, calls }: Collected, dropped: Dropped): void {
  if (isLeftOut(part)) dropped.add(`answer:${part.type}`)
  else if (part.type === 'text') texts.push(part.text)
  else if (part.type === 'reasoning') thoughts.push(part.text)
  else if (part.type === 'tool-call') {
    if (part.providerExecuted === true) dropped.add('answer:tool-call')
    else {
      const called = { name: part.toolName, arguments: part.input }
      calls.push({ id: part.toolCallId, type: 'function', function: called })
    }
  }
}
