import type { JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import type { ModelUse } from '../../reporting/token-usage.ts'
import { contentTokens, type ValueTokens } from './value-tokens.ts'

/** The token usage, service tier and cost that an answer reports. */
export interface UsageReport {
  readonly usage: TokenUsage | undefined
  /** The service tier in lower case; undefined when none is reported. */
  readonly serviceTier: string | undefined
  /** The cost in US dollars, which routers such as OpenRouter report. */
  readonly costUsd: number | undefined
  /**
   * The models that the answer names, with the part of the usage that each has made. A provider may let other models answer than the
   * requested one. @default the answer names none
   */
  readonly modelUses?: readonly ModelUse[] | undefined
}

/**
 * Reads the usage reports in the events of one stream. Depending on the protocol, a later report replaces the earlier ones, or only the
 * counts that it contains.
 */
export interface UsageReader extends UsageReport {
  /** Reads one event. @returns true when the event reported a number of tokens */
  read(json: JsonBody): boolean
}

/** The highest number of fields that reports are joined up to. */
const MAX_FIELDS = 64

/** Joins the reports of one answer. A later one replaces the fields that it has: a field that is null or 0 says nothing. */
export function joinedReports<Report extends object>(earlier: Report, later: Report): Report {
  if (Object.keys(earlier).length > MAX_FIELDS) return later
  const said = Object.entries(later).filter(([, value]) => value != null && value !== 0)
  return { ...earlier, ...(Object.fromEntries(said) as Report) }
}

/** What one stream has delivered so far: an estimate of the tokens of its content, and the usage that it reports. */
export class Delivery {
  readonly report: UsageReport
  readonly #reader: UsageReader
  #content: ValueTokens | undefined
  #wholeTokens = 0
  #tokensAtReport = 0

  constructor(reader: UsageReader) {
    this.report = reader
    this.#reader = reader
  }

  /** The estimated tokens of the content received so far. */
  get tokens(): number {
    return Math.max(this.#content?.count ?? 0, this.#wholeTokens)
  }

  /** The estimated tokens of the content received after the last usage report, which cannot include them. */
  get unreportedTokens(): number {
    return this.tokens - this.#tokensAtReport
  }

  /** Counts the content of an event: all texts in it, in whatever fields they are. */
  add(content: unknown): void {
    this.#content ??= contentTokens()
    this.#content.add(content)
  }

  /**
   * Counts the whole content again, for a last event that repeats all of it. `tokens` is then the larger one of this count and the sum of
   * all `add` calls.
   */
  addWhole(content: unknown): void {
    const tokens = contentTokens()
    tokens.add(content)
    this.#wholeTokens = tokens.count
  }

  /** Reads the usage report of an event. Call it after `add`, so that the event's own content counts as included in the report. */
  read(json: JsonBody): void {
    if (this.#reader.read(json)) this.#tokensAtReport = this.tokens
  }
}
