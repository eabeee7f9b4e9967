import type { LanguageModelV4Content, LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import { hasContent } from '../answer-shape.ts'
import { finishReasonOf, headOf, usageOf } from './answer-facts.ts'
import type { Dropped } from './dropped.ts'
import { cleanName, type JsonRecord } from '../json.ts'
import { inexpressible, malformed } from './request-error.ts'

/** The types of content that an answer of OpenAI cannot contain, and that are left out, since the answer is whole without them. */
const LEFT_OUT: ReadonlySet<string> = new Set(['source', 'custom', 'reasoning-file', 'tool-result'])
const ESSENTIAL: ReadonlyMap<string, string> = new Map([
  ['file', 'a file'],
  ['tool-approval-request', 'a request for approval'],
])

/** What a request decides about the format of its answer. */
export interface AnswerFormat {
  /** The model of the request. */
  readonly requested: string
  /** Whether a tool call has the older format `function_call`, of which an answer has at most one. */
  readonly isOlder: boolean
  /** Whether a stream ends with the usage. */
  readonly includeUsage: boolean
}

/**
 * Checks that a part of an answer, which has no form of its own in OpenAI's format, may be left out: it only documents what the provider did
 * on the way to the answer.
 * @throws RequestError when the part may be an essential part of the answer, as a part of an unknown type may
 */
export function checkLeftOut({ type }: { readonly type: string }): void {
  if (!LEFT_OUT.has(type)) throw inexpressible(ESSENTIAL.get(type) ?? `a part of the type ${cleanName(type)}`)
}

/** Returns a text of an answer. @throws RequestError when the model gave another value */
export function answerText(value: unknown, where: string): string {
  if (typeof value !== 'string') throw malformed(`${where} is not a text`)
  return value
}

/**
 * Converts the result of a model to an answer of the chat completions API.
 * @param dropped collects the parts of the answer that are left out
 * @throws RequestError when the answer is not whole, or cannot be expressed
 */
export function chatAnswerOf(
  result: LanguageModelV4GenerateResult,
  { requested, isOlder }: AnswerFormat,
  dropped: Dropped,
): JsonRecord {
  const collected: Collected = { texts: [], thoughts: [], calls: [] }
  const { texts, thoughts, calls } = collected
  for (const part of result.content) read(part, collected, dropped)
  const finishReason = finishReasonOf(result.finishReason, calls.length)
  if (isOlder && calls.length > 1) dropped.add('answer:tool-call')
  const text = result.structuredOutputText ?? texts.join('')
  const usage = usageOf(result.usage)
  const message = {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    refusal: null,
    ...(thoughts.length > 0 && { reasoning_content: thoughts.join('') }),
    ...(calls.length > 0 && (isOlder ? { function_call: calls[0]?.['function'] } : { tool_calls: calls })),
  }
  return {
    ...headOf(result.response, requested),
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: wordIn(finishReason, isOlder) }],
    ...(usage && { usage }),
  }
}

/** Returns a finish reason in the words of the requested format. */
export function wordIn(finishReason: string, isOlder: boolean): string {
  return isOlder && finishReason === 'tool_calls' ? 'function_call' : finishReason
}

/** Checks the result of a model before it is read. @throws RequestError when it is not the result of a call */
export function checkResult(result: unknown): void {
  if (!hasContent(result)) throw malformed('it has no list of content')
}

interface Collected {
  readonly texts: string[]
  readonly thoughts: string[]
  readonly calls: JsonRecord[]
}

function read(part: LanguageModelV4Content, { texts, thoughts, calls }: Collected, dropped: Dropped): void {
  switch (part.type) {
    case 'text':
      texts.push(answerText(part.text, 'a text part'))
      if (part.citations !== undefined) dropped.add('answer:citations')
      return
    case 'reasoning':
      thoughts.push(answerText(part.text, 'a reasoning part'))
      return
    case 'tool-call':
      if (part.providerExecuted === true) dropped.add('answer:tool-call')
      else {
        const called = { name: part.toolName, arguments: answerText(part.input, 'the input of a tool call') }
        calls.push({ id: part.toolCallId, type: 'function', function: called })
      }
      return
    default:
      checkLeftOut(part)
      dropped.add(`answer:${part.type}`)
  }
}
