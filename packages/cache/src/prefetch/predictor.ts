/** What may be asked for next. */
export interface Prediction {
  readonly key: string
  /** How often it came next, of all times that something did: from 0 to 1. */
  readonly confidence: number
  /** How often it came next. */
  readonly support: number
}

/** Learns from what is asked for, each scope by itself. Write your own to know better. */
export interface Predictor {
  /**
   * @param now in milliseconds since 1970
   * @param session whose requests follow each other: one of many who share the scope; by default the scope is one session
   */
  observe(scope: string, key: string, now: number, session?: string): void
  /** What may follow this key, the likeliest first. */
  predict(scope: string, key: string): readonly Prediction[]
}
