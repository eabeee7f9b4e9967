import type { JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import { contentTokens, type ValueTokens } from './value-tokens.ts'

/** What an answer reports about its cost. */
export interface UsageReport {
  readonly usage: TokenUsage | undefined
  /** In lower case; undefined when none is reported. */
  readonly serviceTier: string | undefined
  /** In US dollars, as routers such as OpenRouter report it. */
  readonly costUsd: number | undefined
}

/** Collects what the events of one stream report: the last report wins, or is added to the earlier ones, as its protocol says. */
export interface UsageReader extends UsageReport {
  /** @returns true when there was a report of tokens */
  read(json: JsonBody): boolean
}

/** What a stream has brought: its content, counted by its text, and what it reports about its cost. */
export class Delivery {
  readonly report: UsageReport
  readonly #reader: UsageReader
  #content: ValueTokens | undefined
  #whole = 0
  #atReport = 0

  constructor(reader: UsageReader) {
    this.report = reader
    this.#reader = reader
  }

  /** About how many tokens the content has that came so far. */
  get tokens(): number {
    return Math.max(this.#content?.count ?? 0, this.#whole)
  }

  /** Of those, the ones that came after the last report of usage, which cannot have counted them. */
  get unreportedTokens(): number {
    return this.tokens - this.#atReport
  }

  /** Adds what an event brought, in whatever field. */
  add(content: unknown): void {
    this.#content ??= contentTokens()
    this.#content.add(content)
  }

  /** Adds the whole content, repeated at the end of a stream that may have left out some of it before. */
  addWhole(content: unknown): void {
    const tokens = contentTokens()
    tokens.add(content)
    this.#whole = tokens.count
  }

  /** Reads what an event reports; to be called after `add`. */
  read(json: JsonBody): void {
    if (this.#reader.read(json)) this.#atReport = this.tokens
  }
}
