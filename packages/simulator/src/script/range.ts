/** Numbers from `from` to `to`, both included. */
export interface Range {
  /** The first number. @default no bound on this side */
  from?: number | undefined
  /** The last number, at least `from`. @default no bound on this side */
  to?: number | undefined
}
