/** A key that may be requested next. */
export interface Prediction {
  /** The key that may be requested next, in the same scope. */
  readonly key: string
  /** How likely this key is next, from 0 to 1: its share of the requests that followed the last key. */
  readonly confidence: number
  /** The number of times that this key followed the last key. A prediction from few requests is not reliable: see `minSupport`. */
  readonly support: number
}

/** Predicts the next request of a scope from earlier requests. Implement your own predictor if you know more about your requests. */
export interface Predictor {
  /**
   * Learns from a request. If it throws, a warning is emitted, and no call fails.
   *
   * @param scope the owner of the request; an empty text for none
   * @param key the key that was requested
   * @param now the current time, in milliseconds since 1970
   * @param session the name of a sequence of requests, such as a user, if several users share the scope. @default the whole scope is one session
   */
  observe(scope: string, key: string, now: number, session?: string): void
  /** Returns the keys that may follow `key` in this scope, the likeliest first; an empty list if it knows none. */
  predict(scope: string, key: string): readonly Prediction[]
}
