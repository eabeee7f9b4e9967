/**
 * How a call was answered:
 *
 * - `hit`: from the cache, fresh
 * - `stale`: from the cache, past its time to live
 * - `miss`: by its own load
 * - `shared`: by joining the load of another call
 * - `bypass`: by a load that neither reads nor writes the cache
 */
export type Status = 'hit' | 'stale' | 'miss' | 'shared' | 'bypass'

/** Why a call was answered with its status. */
export type Reason =
  | 'fresh'
  /** Stale, with a refresh running in the background. */
  | 'revalidating'
  /** Stale, because loading has just failed. */
  | 'load-failed'
  /** Stale, because a load failed recently and is not repeated yet: see `refreshBackoffMs`. */
  | 'backing-off'
  /** The options of the call demand it: `stale` of a lookup, `control: 'only-if-cached'` or `control: 'bypass'`. */
  | 'requested'
  /** Joined a load in flight. */
  | 'in-flight'
  /** The cache is closed. */
  | 'closed'
  /** The function that makes the key threw. */
  | 'no-key'
  | Absence

/** Why no entry could be served. */
export type Absence =
  | 'absent'
  /** There was an entry, but it has expired or was invalidated. */
  | 'expired'
  /** The cache was not read: `control: 'refresh'`. */
  | 'refresh'
  /** The far tier failed, or took too long. */
  | 'far-failed'
  /** The far tier is in cooldown after failures. */
  | 'far-cooldown'
  /** The far tier returned bytes that are corrupt, or of another version. */
  | 'far-unreadable'

/** Why an answer was not cached. */
export type Refusal =
  /** The answer is larger than the whole cache, or than `maxRecordBytes`. */
  | 'too-large'
  /** The key or a tag of the answer was deleted, invalidated or cleared during the load. */
  | 'invalidated'
  /** A newer answer is in the cache already. */
  | 'superseded'
  /** The time to live of the answer is 0, or over already. */
  | 'no-life'
  /** The codec cannot encode the answer. */
  | 'unencodable'
  /** `isComplete` did not return true. */
  | 'incomplete'
  /** The body of a recorded answer failed. */
  | 'failed'
  /** All callers left before the answer was complete. */
  | 'aborted'
  /** `control: 'bypass'`, a key function that threw, or a closed cache. */
  | 'bypass'
  /** `context.refuse()` without a reason. */
  | 'refused'
  /** The reason that was passed to `context.refuse()`, or that `isComplete` returned. */
  | (string & {})

/** `true` if the answer is now in the cache, otherwise the reason why not. */
export type Stored = true | Refusal

/** How one call was answered. */
export interface Outcome {
  readonly status: Status
  readonly reason: Reason
  /** Where the answer came from. */
  readonly source: 'near' | 'far' | 'load'
  /** How long ago the answer was stored, in milliseconds; 0 if it has just been loaded. */
  readonly ageMs: number
  /** The load error instead of which a stale entry was served, if any. */
  readonly error?: unknown
}

/** The outcome of calls that joined a load. */
export const SHARED: Outcome = { status: 'shared', reason: 'in-flight', source: 'load', ageMs: 0 }
