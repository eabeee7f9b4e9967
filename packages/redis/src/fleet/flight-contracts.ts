// What `@harbor/core` expects of flights, declared here so that this package does not need it.

/** The upstream calls in flight of all processes, so that equal calls are sent once. */
export interface FleetFlights {
  /**
   * Takes the lead of a call, or follows the process that leads it.
   *
   * @returns undefined if the call is to be sent without regard to other processes, for example because the shared state cannot be reached. Never
   * rejects
   */
  enter(call: FlightCall): Promise<FlightLead | FlightFollow | undefined>
  /** From now on, no call of any process joins a flight that has begun before. Called when cached answers are invalidated. */
  detach(): void
}

/** A call that may share the upstream call of another process. */
export interface FlightCall {
  /** Identifies equal calls of the same tenant in all processes. It must be hashed before it is stored. */
  readonly name: string
  /** Aborts when no caller in this process waits any more. A follower then leaves, and a leader gives up the lead. */
  readonly signal: AbortSignal
  /** The maximum size of the answer, in bytes. A larger one is not shared. */
  readonly maxBytes: number
  /** Called at most once: when a process is known to follow this one, which leads the call. */
  readonly onFollowed: () => void
}

/** The process that sends a call, and passes its answer on to the others. Exactly one of `whole`, `end` and `fail` must be called in the end. */
export interface FlightLead {
  readonly role: 'lead'
  /**
   * Passes on a complete answer.
   *
   * @param lingerMs how long a call of another process that begins now may still get this answer, in milliseconds
   */
  whole(head: string, text: string, lingerMs: number): void
  /** Passes on the head of a stream. */
  head(head: string): void
  /** Passes on the next bytes of a stream. They must not change afterwards. */
  chunk(bytes: Uint8Array): void
  /** Passes on the end of a stream. @param lingerMs as for `whole` */
  end(lingerMs: number): void
  /** Gives up the lead, so that another process can send the call. @param failure why the call failed; undefined if it was given up */
  fail(failure?: string): void
}

/** A process that gets the answer of the leader. */
export interface FlightFollow {
  readonly role: 'follow'
  /** Returns what the leader passes on next, as soon as it does. Rejects with the reason of the signal when it aborts. */
  next(): Promise<FlightEvent>
  /** Stops following. */
  leave(): void
}

/** What a follower gets from the leader: a part of its answer, its end, or the reason why there is no answer to follow. */
export type FlightEvent =
  | { readonly kind: 'whole'; readonly head: string; readonly text: string }
  | { readonly kind: 'head'; readonly head: string }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  /** The call has failed, or was given up. */
  | { readonly kind: 'failed'; readonly failure: string | undefined }
  /** The answer is too large to be shared: each follower has to send the call itself. */
  | { readonly kind: 'too-large' }
  /** The leader has ended, or cannot be reached. */
  | { readonly kind: 'lost' }
