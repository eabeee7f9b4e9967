/** Numbers from `from` to `to`, both included. If one of them is missing, the range has no bound on that side. */
export interface Range {
  from?: number | undefined
  to?: number | undefined
}
