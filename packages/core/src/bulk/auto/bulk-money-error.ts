import { hasCode } from '../../base/errors.ts'

/** Too little money is left for a request, so it was not sent. It is not in the journal: the same run with a higher limit continues with it. */
export class BulkMoneyError extends Error {
  override readonly name = 'BulkMoneyError'
  /** Always `bulk_money`. */
  readonly code = 'bulk_money'
  /** The highest possible cost of the request, in US dollars; undefined if its price is unknown. */
  readonly usd: number | undefined

  constructor(usd: number | undefined, options?: ErrorOptions) {
    super(
      usd === undefined
        ? 'this request was not sent, because its price is unknown and money is limited. Give the price in the option models.'
        : `this request may cost $${usd.toFixed(6)}, more than maxUsd or a spend limit leaves, so it was not sent. Continue with a higher limit.`,
      options,
    )
    this.usd = usd
  }

  /** Whether an error is a BulkMoneyError, including one from another copy of this package. */
  static is(error: unknown): error is BulkMoneyError {
    return hasCode(error, 'bulk_money')
  }
}
