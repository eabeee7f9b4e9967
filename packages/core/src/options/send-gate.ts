/**
 * Watches a call from outside, and keeps what is not sent yet from being sent. A bulk run has one for each item, and closes all of them when it is stopped.
 */
export interface SendGate {
  /** Aborts when nothing more may be sent. Requests that are on the wire are not affected. */
  readonly closing: AbortSignal
  /** Reports where the call stands. */
  onPhase(phase: SendPhase): void
}

/** `limit`: waits for a rate limit or a slot. `sent`: on the wire. `retry`: waits for its next attempt. `over`: has left its target. */
export type SendPhase = 'limit' | 'sent' | 'retry' | 'over'
