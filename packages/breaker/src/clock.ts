/** Where time comes from. Pass your own to test without waiting. */
export interface Clock {
  /** The time in milliseconds since 1970. */
  now(): number
}
