import type { TextDifference } from './guard/class-of-difference.ts'

/** The result of a lookup: an answer that may be served, one that would have been served, or none. */
export type SemanticLookup<Value> = SemanticHit<Value> | ShadowHit<Value> | SemanticMiss

/** An answer that was stored for a text with the same meaning, and may be served. */
export interface SemanticHit<Value> {
  readonly status: 'hit'
  readonly value: Value
  /** The cosine similarity of both texts, at least `threshold`. It is 1 if both texts are equal. */
  readonly similarity: number
  /** The time since the answer was stored, in milliseconds. */
  readonly ageMs: number
}

/** An answer that would have been served if the cache were not in shadow mode. */
export interface ShadowHit<Value> {
  readonly status: 'shadow-hit'
  readonly similarity: number
  readonly ageMs: number
  /**
   * Passes the answer that the caller got instead to `judge`, together with the one that would have been served. Without this call, the hit is
   * not judged. @returns when the judge has decided; never rejects
   */
  compare(answer: Value): Promise<void>
}

/** There is no answer to serve. */
export interface SemanticMiss {
  readonly status: 'miss'
  readonly reason: MissReason
}

/**
 * Why a lookup is a miss. `none-near`: no stored text is similar enough. `guard:…`: one is, but differs in a way that may change the answer;
 * `guard:own:…` if the option `guard` said so. `empty`, `too-long`: texts without words, or of more than `maxTextLength`, are not looked up.
 * `embed-failed`: `embed` failed, took too long or is in cooldown. `judge-busy`: this hit was chosen to be judged, and too many others still are.
 * `off`: the cache was switched off because of wrong hits. `closed`: the cache was closed.
 */
export type MissReason =
  | 'none-near'
  | `guard:${TextDifference | 'own' | `own:${string}`}`
  | 'empty'
  | 'too-long'
  | 'embed-failed'
  | 'judge-busy'
  | 'off'
  | 'closed'
