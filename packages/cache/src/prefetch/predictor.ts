/** A key that may be requested next. */
export interface Prediction {
  readonly key: string
  /** How likely this key is next, from 0 to 1: its share of the requests that followed the last key. */
  readonly confidence: number
  /** The number of times that this key followed the last key. */
  readonly support: number
}

/** Predicts the next request of a scope from earlier requests. Implement your own predictor if you know more about your requests. */
export interface Predictor {
  /**
   * Learns from a request.
   *
   * @param now the current time, in milliseconds since 1970
   * @param session the name of a sequence of requests, such as a user, if several users share the scope. @default the whole scope is one
   * session
   */
  observe(scope: string, key: string, now: number, session?: string): void
  /** Returns the keys that may follow this key, the likeliest first. */
  predict(scope: string, key: string): readonly Prediction[]
}
