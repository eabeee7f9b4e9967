import type { LegExchange } from './exchange.ts'

export interface StreamClocks {
  readonly firstTokenMs: number
  readonly idleMs: number
}

/** The default of `firstTokenMs` if another target can take over, in milliseconds. */
export const FIRST_TOKEN_MS = 300_000

/**
 * Returns the time limits of a stream, in milliseconds. A limit that is set for the call has precedence over one of its target, and that
 * over one of the client. `firstTokenMs` has a default only if another target can take over. Otherwise giving up early would gain nothing,
 * and only the total time of the call limits it.
 */
export function streamClocks({ perCall, leg, policy }: LegExchange): StreamClocks {
  const { target } = leg
  return {
    firstTokenMs:
      perCall.timeouts?.firstTokenMs ??
      target.firstTokenMs ??
      policy.firstTokenMs ??
      (leg.canMoveOn && leg.endsAt === undefined ? FIRST_TOKEN_MS : Infinity),
    idleMs: perCall.timeouts?.idleMs ?? target.idleMs ?? policy.idleMs,
  }
}
