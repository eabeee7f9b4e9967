/** A key that may be requested next. */
export interface Prediction {
  readonly key: string
  /** Of all requests that followed the last key, the fraction that were for this key, from 0 to 1. */
  readonly confidence: number
  /** The number of times that this key followed the last key. */
  readonly support: number
}

/** Predicts the next request of a scope from earlier requests. Implement your own if you know more about your requests. */
export interface Predictor {
  /**
   * Learns from a request.
   * @param now the current time, in milliseconds since 1970
   * @param session the name of a group of requests that follow each other, if several users share a scope; by default, the scope is one
   * session
   */
  observe(scope: string, key: string, now: number, session?: string): void
  /** Returns the keys that may follow this key, the likeliest first. */
  predict(scope: string, key: string): readonly Prediction[]
}
