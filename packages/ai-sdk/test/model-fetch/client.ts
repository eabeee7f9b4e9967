import type {
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test'
import OpenAI from 'openai'
import { modelFetch } from '../../src/index.ts'

export const USAGE: LanguageModelV4Usage = {
  inputTokens: { total: 12, noCache: 7, cacheRead: 5, cacheWrite: 0 },
  outputTokens: { total: 9, text: 5, reasoning: 4 },
}
export const STOP = { unified: 'stop', raw: 'end_turn' } as const

/** An answer of a model, `Hello!` unless something else is given. */
function result(changes: Partial<LanguageModelV4GenerateResult> = {}): LanguageModelV4GenerateResult {
  return {
    content: [{ type: 'text', text: 'Hello!' }],
    finishReason: STOP,
    usage: USAGE,
    warnings: [],
    ...changes,
  }
}

/** A model that always gives this answer. */
export function answering(
  changes: Partial<LanguageModelV4GenerateResult> = {},
  provider = 'mock',
): MockLanguageModelV4 {
  return new MockLanguageModelV4({ provider, doGenerate: result(changes) })
}

/** A model that always streams these parts. */
export function streaming(...parts: LanguageModelV4StreamPart[]): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    doStream: () => Promise.resolve({ stream: convertArrayToReadableStream(parts) }),
  })
}

export const FINISH: LanguageModelV4StreamPart = { type: 'finish', finishReason: STOP, usage: USAGE }

/** The OpenAI client over a model, without retries. */
export function clientOf(model: MockLanguageModelV4): OpenAI {
  return new OpenAI({
    apiKey: 'none',
    baseURL: 'https://model.invalid/v1',
    maxRetries: 0,
    fetch: modelFetch(() => model),
  })
}

export type ChatRequest = OpenAI.ChatCompletionCreateParamsNonStreaming

export const HELLO: ChatRequest = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }

/** The error of a call that has to fail. */
export async function failureOf(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new Error('The call succeeded.')
}
