/** Where time comes from. Pass your own to test without waiting, or to wait in another way. */
export interface Clock {
  /** The time in milliseconds since 1970. It must never run backwards. */
  now(): number
  /** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. @default an abortable `setTimeout` */
  sleep?(ms: number, signal?: AbortSignal): Promise<void>
}
