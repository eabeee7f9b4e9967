import { isRecord, type JsonRecord } from '../json.ts'
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
 * Makes the common fields of an answer. Fields that a provider's package reports in another form than the specification are not used.
 * @param requested the model of the request, reported if the provider does not name one
 */
export function headOf(metadata: object | undefined, requested: string): AnswerHead {
  const { id, modelId, timestamp }: { id?: unknown; modelId?: unknown; timestamp?: unknown } = metadata ?? {}
  const startedMs = timestamp instanceof Date ? timestamp.getTime() : Number.NaN
  return {
    id: isWord(id) ? id : `chatcmpl-${crypto.randomUUID()}`,
    created: Math.floor((Number.isNaN(startedMs) ? Date.now() : startedMs) / 1000),
    model: isWord(modelId) ? modelId : requested,
  }
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value)
}

/**
 * Returns the finish reason in OpenAI's words. A reason without an equivalent is reported as the provider's own word.
 * @param reason the finish reason of a model
 * @param callCount the number of tool calls in the answer
 * @throws RequestError when the reason means that the answer is not whole, or that the model failed
 */
export function finishReasonOf(reason: unknown, callCount: number): string {
  const { unified, raw } = isRecord(reason) ? reason : {}
  switch (unified) {
    case 'stop':
      return callCount > 0 ? 'tool_calls' : 'stop'
    case 'tool-calls':
      if (callCount === 0) throw incomplete('The model stopped for a tool call, but its answer has none.')
      return 'tool_calls'
    case 'length':
      return 'length'
    case 'content-filter':
      return 'content_filter'
    case 'error':
      throw incomplete('The model stopped because of an error, so the answer is not whole.')
    case 'interrupted':
      throw incomplete('The answer ended without a finish reason, so it may not be whole.')
    default:
      if (isWord(raw)) return raw
      // Providers report a stream that was cut off as an unknown reason, without a word of their own.
      throw incomplete('The answer ended without a known finish reason, so it may not be whole.')
  }
}

/**
 * Returns the usage in OpenAI's format; undefined if the provider did not report the number of input or output tokens.
 * @param usage the usage of a model
 */
export function usageOf(usage: unknown): JsonRecord | undefined {
  const { inputTokens, outputTokens } = isRecord(usage) ? usage : {}
  const inputs = isRecord(inputTokens) ? inputTokens : {}
  const outputs = isRecord(outputTokens) ? outputTokens : {}
  const cached = countOf(inputs['cacheRead'])
  const written = countOf(inputs['cacheWrite'])
  const reasoning = countOf(outputs['reasoning'])
  const input = countOf(inputs['total']) ?? sumOf(countOf(inputs['noCache']), cached, written)
  const output = countOf(outputs['total']) ?? sumOf(countOf(outputs['text']), reasoning)
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

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MAX_TOKENS
    ? value
    : undefined
}

/** Adds counts; undefined if the first one, which is the largest class of tokens, is not known. */
function sumOf(first: number | undefined, ...others: readonly (number | undefined)[]): number | undefined {
  return first === undefined ? undefined : others.reduce<number>((sum, count) => sum + (count ?? 0), first)
}
