/**
 * How a call was answered:
 *
 * - `hit`: from the cache, fresh
 * - `stale`: from the cache, past its time to live
 * - `miss`: by a load of its own
 * - `shared`: by the load of another call that was on its way
 * - `bypass`: by a load that has nothing to do with the cache
 */
export type Status = 'hit' | 'stale' | 'miss' | 'shared' | 'bypass'

/** Why a call was answered in that way. */
export type Reason =
  | 'fresh'
  /** Stale, and being loaded anew. */
  | 'revalidating'
  /** Stale, since loading has just failed. */
  | 'load-failed'
  /** Stale, since loading failed a short while ago and is not tried again yet. */
  | 'backing-off'
  /** Stale, since it was asked for so: see `LookupOptions.stale`. */
  | 'asked'
  | 'in-flight'
  | 'closed'
  | 'no-key'
  | Absence

/** Why there was nothing to serve. */
export type Absence =
  | 'absent'
  /** There was something, past its time. */
  | 'expired'
  /** Not looked for: `control: 'refresh'`. */
  | 'refresh'
  /** The far tier failed, or took too long. */
  | 'far-failed'
  /** The far tier is left alone after failures. */
  | 'far-resting'
  /** The far tier returned bytes that are broken, or of another version. */
  | 'far-unreadable'

/** Why an answer was not kept. */
export type Refusal =
  /** Larger than the whole cache, or than `maxRecordBytes`. */
  | 'too-large'
  /** Deleted, invalidated or cleared while it was loaded. */
  | 'invalidated'
  /** Something loaded later is there already. */
  | 'superseded'
  /** Its time to live is over at once. */
  | 'no-life'
  /** The codec cannot carry it. */
  | 'unencodable'
  /** `isComplete` did not say yes. */
  | 'incomplete'
  /** The load failed, or the body of a recorded answer did. */
  | 'failed'
  /** Everybody left before it was whole. */
  | 'aborted'
  /** Nobody was to keep it: `control: 'bypass'`, a key that could not be made, or a closed cache. */
  | 'bypass'
  /** `context.refuse()`, without words of its own. */
  | 'refused'
  /** Whatever the caller's own words for it are. */
  | (string & {})

/** Whether the cache now holds the answer, or why not. */
export type Kept = true | Refusal

/** How one call was answered. */
export interface Outcome {
  readonly status: Status
  readonly reason: Reason
  /** Where the answer came from. */
  readonly source: 'near' | 'far' | 'load'
  /** How long ago it was stored; 0 if it has just been loaded. */
  readonly ageMs: number
  /** With `load-failed`: the error that staleness hides. */
  readonly error?: unknown
}

/** The outcome of those who joined a load. */
export const SHARED: Outcome = { status: 'shared', reason: 'in-flight', source: 'load', ageMs: 0 }
