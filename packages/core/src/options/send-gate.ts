/** Follows one call from outside, and can prevent its next request. A bulk run has one for each item, and closes all of them when it is stopped. */
export interface SendGate {
  /** Aborts when no further request may be sent. Requests on the wire go on. */
  readonly closing: AbortSignal
  /** Called when the call enters another phase. */
  onPhase(phase: SendPhase): void
}

/** `limit`: waits for a rate limit or a slot. `sent`: on the wire. `retry`: waits for its next attempt. `over`: done at this target. */
export type SendPhase = 'limit' | 'sent' | 'retry' | 'over'
