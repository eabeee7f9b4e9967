/** How much may be spent, and in what time. */
export interface SpendLimitOptions {
  /** In US dollars. */
  usd: number
  /** Hours and days are those of UTC. */
  per: 'hour' | 'day' | 'total'
  /** What becomes of a call whose price nobody knows. @default 'refuse' */
  unpriced?: 'refuse' | 'allow' | undefined
}
