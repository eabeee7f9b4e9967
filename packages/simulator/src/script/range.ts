/** Numbers from `from` to `to`, both included. In a `TimeWindow`, `to` is excluded. */
export interface Range {
  /** The first number. @default no bound on this side */
  from?: number | undefined
  /** The last number, at least `from`; the end of a `TimeWindow` is excluded. @default no bound on this side */
  to?: number | undefined
}
