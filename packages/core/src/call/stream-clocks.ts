import type { LegExchange } from './exchange.ts'

export interface StreamClocks {
  readonly firstTokenMs: number
  readonly idleMs: number
}

/** Default for a target with an alternative, in milliseconds. */
export const FIRST_TOKEN_MS = 300_000

/**
 * How long a stream may be silent, in milliseconds: as set by the call, else by its target, else by the client. If none sets
 * `firstTokenMs`, a target without alternative has the rest of the total, since giving up early would gain nothing.
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
