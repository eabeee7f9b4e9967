import { contentTokens } from './estimate.ts'
import type { ValueTokens } from '../tokens/value-tokens.ts'
import { UsageReport } from './usage-report.ts'

/** What a stream has brought: its content, counted by its text, and what it reports about its cost. */
export class Delivery {
  readonly report = new UsageReport()
  #content: ValueTokens | undefined
  #whole = 0
  #atReport = 0

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

  /** The whole content, repeated at the end of the stream, of a stream that may have left some of it out. */
  addWhole(content: unknown): void {
    const tokens = contentTokens()
    tokens.add(content)
    this.#whole = tokens.count
  }

  /** Reads what an event reports; to be called after `add`. */
  read(json: Readonly<Record<string, unknown>>): void {
    if (this.report.read(json)) this.#atReport = this.tokens
  }
}
