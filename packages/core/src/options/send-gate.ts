/** Observes one call, and can prevent its next request. A bulk run has a gate for each item, and closes all of them when it is stopped. */
export interface SendGate {
  /** Aborts when the call may send no further request. Requests on the wire continue. */
  readonly closing: AbortSignal
  /** Called each time the call enters another phase. */
  onPhase(phase: SendPhase): void
}

/**
 * What a call is doing at one target. `limit`: it waits for a rate limit or a slot. `sent`: its request is on the wire. `retry`: it waits
 * for its next attempt. `over`: it is done at this target, with or without an answer.
 */
export type SendPhase = 'limit' | 'sent' | 'retry' | 'over'
