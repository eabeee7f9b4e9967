/** A spend limit: the maximum that may be spent, and the period after which the count starts again. */
export interface SpendLimitOptions {
  /** The limit, in US dollars. */
  usd: number
  /** The period after which the count starts again. Hours and days begin in UTC. With `total`, the count never starts again. */
  per: 'hour' | 'day' | 'total'
  /**
   * What happens to a call whose price is not known. `refuse`: it fails with status 402. `allow`: it is sent, and its cost is not counted.
   * @default 'refuse'
   */
  unpriced?: 'refuse' | 'allow' | undefined
}
