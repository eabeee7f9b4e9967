import { headerReader, type HeadersLike } from './headers.ts'
import { parseReset } from './reset-time.ts'

/** What a provider said about its limits in the headers of one answer. Only what it said is there. */
export interface ObservedLimits {
  requests?: ObservedLimit | undefined
  /** Input and output together. */
  tokens?: ObservedLimit | undefined
  inputTokens?: ObservedLimit | undefined
  outputTokens?: ObservedLimit | undefined
}

export interface ObservedLimit {
  /** How many are allowed in one window. */
  limit?: number | undefined
  /** How many were left when the answer was written. */
  remaining?: number | undefined
  /** How long after the answer the allowance is whole again, in milliseconds; 0 for a time that has passed. */
  resetAfterMs?: number | undefined
}

/**
 * Reads the rate limits in the headers of an answer: `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` (OpenAI and
 * those who follow it), `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}`, and
 * plain `x-ratelimit-{limit,remaining,reset}` (OpenRouter), taken for requests. What makes no sense is ignored.
 *
 * A reset may be a duration of Go (`6m0s`, `120ms`), a date (RFC 3339), a time since 1970 in seconds or milliseconds, or
 * seconds from now. See https://platform.openai.com/docs/guides/rate-limits, https://docs.anthropic.com/en/api/rate-limits.
 *
 * @param nowMs what dates are compared with. @default the answer's own `date`, since the provider's clock set both, else Date.now()
 */
export function parseRateLimitHeaders(headers: HeadersLike, nowMs?: number): ObservedLimits {
  const read = headerReader(headers)
  const now = (): number => nowMs ?? (Date.parse(read('date') ?? '') || Date.now())
  const observed: ObservedLimits = {}
  for (const { kind, names } of NAMES) {
    if (observed[kind]) continue
    const limit = parseCount(read(names.limit))
    const remaining = parseCount(read(names.remaining))
    const reset = read(names.reset)
    const resetAfterMs = reset === undefined ? undefined : parseReset(reset, now())
    if (limit === undefined && remaining === undefined && resetAfterMs === undefined) continue
    observed[kind] = {
      ...(limit !== undefined && { limit }),
      ...(remaining !== undefined && { remaining }),
      ...(resetAfterMs !== undefined && { resetAfterMs }),
    }
  }
  return observed
}

type Names = Readonly<Record<'limit' | 'remaining' | 'reset', string>>

const openAI = (suffix: string): Names => ({
  limit: `x-ratelimit-limit${suffix}`,
  remaining: `x-ratelimit-remaining${suffix}`,
  reset: `x-ratelimit-reset${suffix}`,
})

const anthropic = (kind: string): Names => ({
  limit: `anthropic-ratelimit-${kind}-limit`,
  remaining: `anthropic-ratelimit-${kind}-remaining`,
  reset: `anthropic-ratelimit-${kind}-reset`,
})

/** The first that says anything about its kind wins. */
const NAMES: readonly { readonly kind: keyof ObservedLimits; readonly names: Names }[] = [
  { kind: 'requests', names: openAI('-requests') },
  { kind: 'tokens', names: openAI('-tokens') },
  { kind: 'requests', names: anthropic('requests') },
  { kind: 'tokens', names: anthropic('tokens') },
  { kind: 'inputTokens', names: anthropic('input-tokens') },
  { kind: 'outputTokens', names: anthropic('output-tokens') },
  { kind: 'requests', names: openAI('') },
]

function parseCount(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*\d+(\.\d+)?\s*$/.test(text)) return undefined
  const count = Number(text)
  return count <= Number.MAX_SAFE_INTEGER ? count : undefined
}
