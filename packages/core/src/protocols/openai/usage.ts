import type { TokenUsage } from '../../reporting/receipt.ts'
import { isRecord } from '../../base/json.ts'

/** The highest plausible token count of one call. A larger number is taken for a mistake of the server. */
const MAX_TOKENS = 1_000_000_000

/**
 * Reads a `usage` object of Chat Completions, Embeddings or Responses. A count is valid if it is an integer from 0 to 1e9,
 * also as a text.
 * @param hasOutput false for embeddings, which have no completion
 * @returns undefined when the input or the output count is missing and does not follow from the total, or when one of these counts is
 * invalid. The caller then has to estimate the usage
 */
export function readUsage(usage: unknown, hasOutput = true): TokenUsage | undefined {
  if (!isRecord(usage)) return undefined
  const input = countOf(usage['prompt_tokens'] ?? usage['input_tokens'])
  const output = countOf(usage['completion_tokens'] ?? usage['output_tokens'])
  const total = countOf(usage['total_tokens'])
  if (input === 'invalid' || output === 'invalid' || total === 'invalid') return undefined
  const whole = hasOutput ? withOutput(input, output, total) : withoutOutput(input, output, total)
  return whole && withParts(whole, usage)
}

interface Whole {
  readonly inputTokens: number
  readonly outputTokens: number
}

type Count = number | 'invalid' | undefined

/**
 * Completes the counts of input and output tokens from the total. If the total is higher than input plus output, the rest counts as output,
 * since some providers report reasoning tokens only in the total.
 */
function withOutput(input?: number, output?: number, total?: number): Whole | undefined {
  if (input !== undefined) {
    if (output === undefined && total === undefined) return undefined
    const reported = output ?? 0
    return { inputTokens: input, outputTokens: Math.max(reported, (total ?? 0) - input) }
  }
  if (output === undefined || total === undefined || total < output) return undefined
  return { inputTokens: total - output, outputTokens: output }
}

function withoutOutput(input?: number, output = 0, total?: number): Whole | undefined {
  const inputTokens = input ?? total
  return inputTokens === undefined ? undefined : { inputTokens, outputTokens: output }
}

/**
 * Completes the usage with the counts of cached, reasoning and audio tokens. Normally, the input and output counts include them. If there
 * are more cache tokens than input tokens, they were reported separately, and are added to the input. The same applies to reasoning tokens
 * and the output. A count that is missing or invalid is 0.
 */
function withParts({ inputTokens, outputTokens }: Whole, usage: Fields): TokenUsage {
  const input = fieldsIn(usage['prompt_tokens_details'] ?? usage['input_tokens_details'])
  const output = fieldsIn(usage['completion_tokens_details'] ?? usage['output_tokens_details'])
  const cachedInputTokens =
    partOf(input, 'cached_tokens') ||
    partOf(usage, 'prompt_cache_hit_tokens') ||
    partOf(usage, 'cache_read_input_tokens')
  const writes = cacheWritesOf(input, usage)
  const reasoningTokens = partOf(output, 'reasoning_tokens') || partOf(usage, 'reasoning_tokens')
  const images = countOf(output['image_tokens'])
  const cache = cachedInputTokens + writes.cacheWriteInputTokens
  return {
    inputTokens: inputTokens + (cache > inputTokens ? cache : 0),
    outputTokens: outputTokens + (reasoningTokens > outputTokens ? reasoningTokens : 0),
    cachedInputTokens,
    ...writes,
    audioInputTokens: partOf(input, 'audio_tokens'),
    reasoningTokens,
    audioOutputTokens: partOf(output, 'audio_tokens'),
    ...(typeof images === 'number' && { imageOutputTokens: images }),
  }
}

/**
 * Reads how many tokens were written to the provider's cache. Gateways may report them in Anthropic's fields. If the reported sum is
 * smaller than its parts, it is taken for a mistake, and the sum of the parts is used.
 */
function cacheWritesOf(
  input: Fields,
  usage: Fields,
): Pick<TokenUsage, 'cacheWriteInputTokens' | 'cacheWriteTokensByTtl'> {
  const all =
    partOf(input, 'cache_write_tokens') ||
    partOf(input, 'cache_creation_tokens') ||
    partOf(usage, 'cache_creation_input_tokens')
  const byTtl = fieldsIn(input['cache_write_tokens_details'])
  const halfHour = partOf(byTtl, 'ttl_30m_tokens')
  const halfDay = partOf(byTtl, 'ttl_12h_tokens')
  if (halfHour + halfDay === 0) return { cacheWriteInputTokens: all }
  return {
    cacheWriteInputTokens: Math.max(all, halfHour + halfDay),
    cacheWriteTokensByTtl: { '30m': halfHour, '12h': halfDay },
  }
}

type Fields = Readonly<Record<string, unknown>>

function fieldsIn(value: unknown): Fields {
  return isRecord(value) ? value : {}
}

function partOf(fields: Fields, name: string): number {
  const count = countOf(fields[name])
  return typeof count === 'number' ? count : 0
}

function countOf(value: unknown): Count {
  if (value === undefined || value === null) return undefined
  const count = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  const isCount =
    typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 && count <= MAX_TOKENS
  return isCount ? count : 'invalid'
}
