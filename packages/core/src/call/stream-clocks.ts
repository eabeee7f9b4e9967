import type { LegExchange } from './exchange.ts'

export interface StreamClocks {
  readonly firstTokenMs: number
  readonly idleMs: number
}

/** The default of `firstTokenMs` while another target can take over, in milliseconds. */
export const FIRST_TOKEN_MS = 300_000

/**
 * The time limits of a stream, in milliseconds: those of the call, else of its target, else of the client. If none of them sets
 * `firstTokenMs` and no other target can take over, only the total time of the call limits it, since giving up early would gain nothing.
 */
export function streamClocks({ perCall, leg, policy }: LegExchange): StreamClocks {
  const { target } = leg
  return {
    firstTokenMs:
      perCall.timeouts?.firstTokenMs ??
      target.firstTokenMs ??
      policy.firstTokenMs ??
      (leg.canMoveOn ? FIRST_TOKEN_MS : Infinity),
    idleMs: perCall.timeouts?.idleMs ?? target.idleMs ?? policy.idleMs,
  }
}
