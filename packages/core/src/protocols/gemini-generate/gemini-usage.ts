import { isRecord, type JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import { tokenUsage } from '../../reporting/token-usage.ts'
import { joinedReports, type UsageReader } from '../shared/delivery.ts'
import { Grounding } from './grounding.ts'

/** The highest plausible token count of one call. A larger number is taken for a mistake of the server, and its whole report is ignored. */
const MAX_TOKENS = 1_000_000_000
const TIER = /^[\w.:-]{1,64}$/

/**
 * Reads the `usageMetadata` of Gemini's answers and chunks, and which of Google's tools were used. In a stream it is a running total, so the last report replaces earlier ones. If
 * the last report is implausible, no usage is reported.
 */
export class GeminiUsage implements UsageReader {
  readonly costUsd = undefined
  readonly #hasOutput: boolean
  /** The last report with counts. It is read only when the usage is needed, since nearly every chunk of a stream has a report. */
  #report: JsonBody | undefined
  #tier: unknown
  readonly #grounding = new Grounding()

  /** @param hasOutput false for embeddings, whose answers have no text */
  constructor(hasOutput = true) {
    this.#hasOutput = hasOutput
  }

  get usage(): TokenUsage | undefined {
    const usage = this.#report && readUsage(this.#report, this.#hasOutput)
    const serverToolUses = usage && this.#grounding.uses
    return serverToolUses ? { ...usage, serverToolUses } : usage
  }

  get serviceTier(): string | undefined {
    return tierOf(this.#tier)
  }

  read(json: JsonBody): boolean {
    this.#grounding.read(json)
    const report = json['usageMetadata']
    if (!isRecord(report)) return false
    this.#tier = report['trafficType'] ?? report['serviceTier'] ?? this.#tier
    // Some models send their counts with the last chunk alone.
    if (report['promptTokenCount'] === undefined && report['totalTokenCount'] === undefined) return false
    // Most reports have all counts, so that nothing is joined.
    this.#report = this.#report && !report['promptTokenCount'] ? joinedReports(this.#report, report) : report
    // A report without a count of candidates does not include the content that was sent so far.
    return !this.#hasOutput || Boolean(report['candidatesTokenCount'])
  }
}

/**
 * Returns the service tier for a kind of traffic, in lower case and without the prefix `ON_DEMAND_`. `ON_DEMAND_FLEX` becomes `flex`, and
 * `ON_DEMAND` becomes `on_demand`.
 */
function tierOf(traffic: unknown): string | undefined {
  if (typeof traffic !== 'string' || !TIER.test(traffic) || /unspecified$/i.test(traffic)) return undefined
  return traffic.toLowerCase().replace(/^on_demand_(?=.)/, '')
}

/**
 * Reads a usage report. The input is the prompt, including cached content, plus the results of the provider's own tools. The output is the
 * candidates plus the thoughts, which the report counts separately.
 * @returns undefined when a number is implausible, or when the input is missing
 */
function readUsage(report: JsonBody, hasOutput: boolean): TokenUsage | undefined {
  const counts = new Counts(report)
  const prompt = counts.of('promptTokenCount')
  const tools = counts.of('toolUsePromptTokenCount')
  const candidates = counts.of('candidatesTokenCount')
  const thoughts = counts.of('thoughtsTokenCount')
  const cached = counts.of('cachedContentTokenCount')
  const total = counts.of('totalTokenCount')
  if (counts.hasInvalid) return undefined
  const input = (prompt ?? 0) + (tools ?? 0)
  // What only the total contains counts as output, which costs more.
  const rest = Math.max(0, (total ?? 0) - input)
  const audioInputTokens =
    counts.audioOf('promptTokensDetails') + counts.audioOf('toolUsePromptTokensDetails')
  if (!hasOutput) {
    const all = prompt ?? total
    return all === undefined ? undefined : { ...tokenUsage(all, 0), audioInputTokens }
  }
  if (prompt === undefined) return undefined
  return {
    ...tokenUsage(input, Math.max((candidates ?? 0) + (thoughts ?? 0), rest)),
    cachedInputTokens: cached ?? 0,
    reasoningTokens: thoughts ?? 0,
    audioInputTokens,
    audioOutputTokens: counts.audioOf('candidatesTokensDetails'),
    // Where the kinds of output are reported, images are among them.
    ...(counts.hasList('candidatesTokensDetails') && {
      imageOutputTokens: counts.modality('candidatesTokensDetails', 'IMAGE') ?? 0,
    }),
  }
}

/** The counts of a report. A count is an integer from 0 to 1e9. */
class Counts {
  hasInvalid = false
  readonly #report: JsonBody

  constructor(report: JsonBody) {
    this.#report = report
  }

  of(name: string): number | undefined {
    const value = this.#report[name]
    if (value === undefined || value === null) return undefined
    if (isCount(value)) return value
    this.hasInvalid = true
    return undefined
  }

  hasList(name: string): boolean {
    return Array.isArray(this.#report[name])
  }

  audioOf(name: string): number {
    return this.modality(name, 'AUDIO') ?? 0
  }

  /**
   * Adds up the tokens of one modality, such as `IMAGE`, in a list of `{ modality, tokenCount }`; undefined when the list does not name it.
   * @param name the field with the list
   */
  modality(name: string, modality: string): number | undefined {
    const list = this.#report[name]
    if (!Array.isArray(list)) return undefined
    let sum: number | undefined
    for (const item of list.slice(0, MAX_MODALITIES) as readonly unknown[]) {
      if (isRecord(item) && item['modality'] === modality && isCount(item['tokenCount']))
        sum = (sum ?? 0) + item['tokenCount']
    }
    return sum
  }
}

const MAX_MODALITIES = 32

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MAX_TOKENS
}
