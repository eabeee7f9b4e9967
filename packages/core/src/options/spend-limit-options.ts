/** A spend limit: the maximum that may be spent, and the period after which the count starts again. */
export interface SpendLimitOptions {
  /** The limit, in US dollars. */
  usd: number
  /** The period. Hours and days begin in UTC; `total` never starts again. */
  per: 'hour' | 'day' | 'total'
  /** Whether calls without a known price are refused with status 402, or allowed and not counted. @default 'refuse' */
  unpriced?: 'refuse' | 'allow' | undefined
}
