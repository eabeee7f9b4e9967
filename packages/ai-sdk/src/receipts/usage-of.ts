import type { ObservedUsage } from './observed-receipt.ts'

/** The tokens of an answer as the AI SDK reports them, of which any may be missing, or be no number. */
interface ReportedUsage {
  readonly inputTokens?: {
    readonly total?: number | undefined
    readonly cacheRead?: number | undefined
    readonly cacheWrite?: number | undefined
  }
  readonly outputTokens?: { readonly total?: number | undefined; readonly reasoning?: number | undefined }
}

/** Returns the tokens of an answer, for observers; `undefined` if the provider reported none. */
export function usageOf(usage: ReportedUsage | null | undefined): ObservedUsage | undefined {
  const { inputTokens, outputTokens } = usage ?? {}
  if (count(inputTokens?.total) === undefined && count(outputTokens?.total) === undefined) return undefined
  return {
    inputTokens: count(inputTokens?.total) ?? 0,
    outputTokens: count(outputTokens?.total) ?? 0,
    cachedInputTokens: count(inputTokens?.cacheRead) ?? 0,
    cacheWriteInputTokens: count(inputTokens?.cacheWrite) ?? 0,
    reasoningTokens: count(outputTokens?.reasoning) ?? 0,
    audioInputTokens: 0,
    audioOutputTokens: 0,
  }
}

/** Returns a number of tokens; `undefined` for anything else. */
function count(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER ? value : undefined
}
