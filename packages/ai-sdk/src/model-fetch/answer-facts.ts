import type {
  LanguageModelV4FinishReason,
  LanguageModelV4ResponseMetadata,
  LanguageModelV4Usage,
} from '@ai-sdk/provider'
import type { JsonRecord } from './json.ts'
import { incomplete } from './request-error.ts'

/** The highest plausible token count of one call. A larger number is taken for a mistake of the provider. */
const MAX_TOKENS = 1_000_000_000
const WORD = /^[\w.:/@-]{1,128}$/

/** The fields that an answer and each chunk of a stream have in common. */
export interface AnswerHead {
  readonly id: string
  readonly created: number
  readonly model: string
}

/**
 * Makes the common fields of an answer.
 * @param requested the model of the request, reported if the provider does not name one
 */
export function headOf(metadata: LanguageModelV4ResponseMetadata | undefined, requested: string): AnswerHead {
  const { id, modelId, timestamp } = metadata ?? {}
  const startedMs = timestamp?.getTime() ?? Number.NaN
  return {
    id: id !== undefined && WORD.test(id) ? id : `chatcmpl-${crypto.randomUUID()}`,
    created: Math.floor((Number.isNaN(startedMs) ? Date.now() : startedMs) / 1000),
    model: modelId !== undefined && WORD.test(modelId) ? modelId : requested,
  }
}

/**
 * Returns the finish reason in OpenAI's words. A reason without an equivalent is reported as the provider's own word.
 * @throws RequestError when the reason means that the answer is not whole, or that the model failed
 */
export function finishReasonOf({ unified, raw }: LanguageModelV4FinishReason, hasToolCalls: boolean): string {
  switch (unified) {
    case 'stop':
      return hasToolCalls ? 'tool_calls' : 'stop'
    case 'tool-calls':
      return 'tool_calls'
    case 'length':
      return 'length'
    case 'content-filter':
      return 'content_filter'
    case 'error':
      throw incomplete('The model stopped because of an error, so its answer is not whole.')
    case 'interrupted':
      throw incomplete('The answer ended without a finish reason, so it may not be whole.')
    default:
      if (raw !== undefined && WORD.test(raw)) return raw
      // Providers report a stream that was cut off as an unknown reason, without a word of their own.
      throw incomplete('The answer ended without a known finish reason, so it may not be whole.')
  }
}

/** Returns the usage in OpenAI's format; undefined if the provider did not report the number of input or output tokens. */
export function usageOf({ inputTokens, outputTokens }: LanguageModelV4Usage): JsonRecord | undefined {
  const cached = countOf(inputTokens.cacheRead)
  const written = countOf(inputTokens.cacheWrite)
  const reasoning = countOf(outputTokens.reasoning)
  const input = countOf(inputTokens.total) ?? sumOf(countOf(inputTokens.noCache), cached, written)
  const output = countOf(outputTokens.total) ?? sumOf(countOf(outputTokens.text), reasoning)
  if (input === undefined || output === undefined) return undefined
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: {
      cached_tokens: cached ?? 0,
      ...(written !== undefined && { cache_write_tokens: written }),
    },
    completion_tokens_details: { reasoning_tokens: reasoning ?? 0 },
  }
}

function countOf(value: number | undefined): number | undefined {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 && value <= MAX_TOKENS
    ? value
    : undefined
}

/** Adds counts; undefined if the first one, which is the largest class of tokens, is not known. */
function sumOf(first: number | undefined, ...others: readonly (number | undefined)[]): number | undefined {
  return first === undefined ? undefined : others.reduce<number>((sum, count) => sum + (count ?? 0), first)
}
