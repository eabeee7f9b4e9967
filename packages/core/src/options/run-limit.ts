import type { SpendLimit } from './spend-limit-options.ts'

/** The spend limit of one bulk run: it counts the money of this run alone, beside the limits of the client. */
export class RunLimit {
  readonly limit: SpendLimit
  #last: { readonly own: readonly SpendLimit[] | undefined; readonly all: readonly SpendLimit[] } | undefined

  /**
   * @param usd the maximum that the run may spend, in US dollars
   * @param unpriced what happens to a request whose price is not known, as in `SpendLimitOptions`
   */
  constructor(usd: number, unpriced: 'refuse' | 'allow' = 'refuse') {
    // The kind is unique, so that no other limit counts the same money.
    this.limit = {
      options: Object.freeze({ usd, per: 'total', unpriced }),
      kind: `bulk ${crypto.randomUUID()}`,
    }
  }

  /** Returns these limits and that of the run. Returns the same list for the same limits, since calls with the same list share money. */
  with(own: readonly SpendLimit[] | undefined): readonly SpendLimit[] {
    if (this.#last?.own !== own || !this.#last) this.#last = { own, all: [...(own ?? []), this.limit] }
    return this.#last.all
  }
}
