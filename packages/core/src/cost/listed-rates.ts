import type { Price } from '../reporting/price.ts'

/** Rates in the price list by unit, such as `input_mtok`: a number, or steps that depend on the number of input tokens. */
export type ListedRates = Readonly<Record<string, number | SteppedRate | undefined>>

interface SteppedRate {
  readonly base: number
  readonly tiers: readonly { readonly start: number; readonly price: number }[]
}

/** The ids of a model and its provider in the price list. Some rates depend on them. */
interface Listed {
  readonly providerId: string
  readonly modelId: string
}

const FREE: Price = { inputPerMillion: 0, outputPerMillion: 0 }
/** The price of a cache write with a time to live of one hour, for Claude models, as a multiple of the price of input. */
const HOUR_WRITE_FACTOR = 2

/**
 * Returns the price of a request, from the rates of the price list.
 * @param inputTokens the length of the request, in tokens; rates may depend on it
 * @returns undefined if the model is not priced by tokens
 */
export function priceFrom(rates: ListedRates, listed: Listed, inputTokens: number): Price | undefined {
  if (Object.keys(rates).length === 0) return FREE
  const rate = (unit: string): number | undefined => atLength(rates[unit], inputTokens)
  const input = rate('input_mtok')
  const output = rate('output_mtok')
  // The model is priced by the hour, the image or the page, which token usage does not contain.
  if (input === undefined && output === undefined) return undefined
  const perThousandRequests = rate('requests_kcount')
  return {
    inputPerMillion: input ?? 0,
    // No report counts the tokens of a video apart.
    outputPerMillion: Math.max(output ?? 0, rate('output_video_mtok') ?? 0),
    cachedInputPerMillion: rate('cache_read_mtok'),
    cacheWritePerMillion: cacheWriteOf(rate, listed, input ?? 0),
    audioInputPerMillion: rate('input_audio_mtok'),
    reasoningPerMillion: rate('output_reasoning_mtok'),
    audioOutputPerMillion: rate('output_audio_mtok'),
    imageOutputPerMillion: rate('output_image_mtok'),
    perRequest: perThousandRequests === undefined ? undefined : perThousandRequests / 1_000,
    perServerToolUse: perToolUse(rate),
  }
}

/**
 * Returns the price of one use of each server tool, by the name of the tool in `TokenUsage`. The price list has the prices of a thousand
 * uses.
 */
function perToolUse(rate: (unit: string) => number | undefined): Price['perServerToolUse'] {
  const web = rate('web_searches_kcount')
  const file = rate('storage_searches_kcount')
  if (web === undefined && file === undefined) return undefined
  return {
    ...(web !== undefined && { web_search_requests: web / 1_000 }),
    ...(file !== undefined && { file_search_requests: file / 1_000 }),
  }
}

/** Whether the rates depend on the length of the request. */
export function dependsOnLength(rates: ListedRates): boolean {
  return Object.values(rates).some((rate) => typeof rate === 'object')
}

/**
 * Returns the prices of cache writes, by time to live. The price list has the rate of the usual time to live and, for some models, that of
 * one hour.
 */
function cacheWriteOf(
  rate: (unit: string) => number | undefined,
  { providerId, modelId }: Listed,
  input: number,
): Price['cacheWritePerMillion'] {
  const usual = rate('cache_write_mtok')
  if (/claude/.test(modelId)) {
    if (usual === undefined) return undefined
    return { '5m': usual, '1h': rate('cache_write_1h_mtok') ?? input * HOUR_WRITE_FACTOR }
  }
  if (usual !== undefined) return { '5m': usual, '30m': usual, '1h': rate('cache_write_1h_mtok') ?? usual }
  // Before GPT-5.6 a write costs nothing more than input: https://developers.openai.com/api/docs/guides/prompt-caching
  return providerId === 'openai' || providerId === 'azure' ? input : undefined
}

function atLength(rate: number | SteppedRate | undefined, inputTokens: number): number | undefined {
  if (typeof rate !== 'object') return rate
  return rate.tiers.findLast(({ start }) => inputTokens > start)?.price ?? rate.base
}
