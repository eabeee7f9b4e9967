/** A key that may be requested next. */
export interface Prediction {
  readonly key: string
  /** The fraction of followers of the last key that were this key, from 0 to 1. */
  readonly confidence: number
  /** How often this key followed. */
  readonly support: number
}

/** Predicts the next request of a scope from earlier ones. Implement your own to use what you know about your requests. */
export interface Predictor {
  /**
   * @param now in milliseconds since 1970
   * @param session groups requests that follow each other, where users share a scope; by default the scope is one session
   */
  observe(scope: string, key: string, now: number, session?: string): void
  /** Returns the keys that may follow this key, the likeliest first. */
  predict(scope: string, key: string): readonly Prediction[]
}
