/** From `from` to `to`, both included; either may be left out. */
export interface Range {
  from?: number | undefined
  to?: number | undefined
}
