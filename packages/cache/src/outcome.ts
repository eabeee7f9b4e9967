/**
 * How a call was answered:
 *
 * - `hit`: from the cache, fresh
 * - `stale`: from the cache, after its time to live
 * - `miss`: by its own load
 * - `shared`: by joining the load of another call
 * - `bypass`: by a load that neither reads nor writes the cache
 */
export type Status = 'hit' | 'stale' | 'miss' | 'shared' | 'bypass'

/** Why a call was answered with its status. `fresh`: a fresh entry was served; the other values are explained one by one. */
export type Reason =
  | 'fresh'
  /** A stale entry was served, and a refresh runs in the background. */
  | 'revalidating'
  /** A stale entry was served, because loading has just failed. */
  | 'load-failed'
  /** A stale entry was served, because a load failed recently and is not repeated yet: see `refreshBackoffMs`. */
  | 'backing-off'
  /** The options of the call request it: `stale` of a lookup, `control: 'only-if-cached'` or `control: 'bypass'`. */
  | 'requested'
  /** The call joined a load in flight. */
  | 'in-flight'
  /** The cache is closed. */
  | 'closed'
  /** The function that returns the key threw. */
  | 'no-key'
  | Absence

/** Why no entry could be served. `absent`: there is none; the other values are explained one by one. */
export type Absence =
  | 'absent'
  /** There was an entry, but it has expired or was invalidated. */
  | 'expired'
  /** The cache was not read, because of `control: 'refresh'`. */
  | 'refresh'
  /** The far tier failed, or took too long to answer. */
  | 'far-failed'
  /** The far tier is in cooldown after failures. */
  | 'far-cooldown'
  /** The far tier returned bytes that are corrupt, or in the format of another version. */
  | 'far-unreadable'

/** Why an answer was not cached. Callers received the answer nevertheless, except for `failed` and `aborted`. */
export type Refusal =
  /** The answer is larger than the whole cache, or than `maxRecordBytes`. */
  | 'too-large'
  /** The key or a tag of the answer was deleted, invalidated or cleared during the load. */
  | 'invalidated'
  /** A newer answer is in the cache already. */
  | 'superseded'
  /** The time to live of the answer is 0, or has already passed. */
  | 'no-life'
  /** The codec cannot encode the answer. */
  | 'unencodable'
  /** `isComplete` did not return true. */
  | 'incomplete'
  /** The body of a recorded answer failed. */
  | 'failed'
  /** All callers left before the answer was complete. */
  | 'aborted'
  /** The call had `control: 'bypass'`, its key function threw, or the cache was closed. */
  | 'bypass'
  /** The load function called `context.refuse()` without a reason. */
  | 'refused'
  /** Another reason: the one passed to `context.refuse()`, or returned by `isComplete`. */
  | (string & {})

/** `true` if the answer is now in the cache, otherwise the reason why not. */
export type Stored = true | Refusal

/** How one call was answered: from where, with how old an answer, and why. */
export interface Outcome {
  /** In one word: `hit`, `stale`, `miss`, `shared` or `bypass`. `Status` explains each. */
  readonly status: Status
  /** Why the call has this status, for example `expired` for a `miss`. `Reason` explains each. */
  readonly reason: Reason
  /** Where the answer came from: memory (`near`), the far tier (`far`), or a load. */
  readonly source: 'near' | 'far' | 'load'
  /** How long ago the answer was stored, in milliseconds; 0 if it has just been loaded. */
  readonly ageMs: number
  /** The error of the load, if a stale entry was served instead of it; undefined otherwise. */
  readonly error?: unknown
}

/** The outcome of a call that joined a load. */
export const SHARED: Outcome = { status: 'shared', reason: 'in-flight', source: 'load', ageMs: 0 }
