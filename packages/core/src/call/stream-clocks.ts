import type { LegExchange } from './exchange.ts'

export interface StreamClocks {
  readonly firstTokenMs: number
  readonly idleMs: number
}

/** The default of `firstTokenMs`, in milliseconds, while another target can take over. */
export const FIRST_TOKEN_MS = 300_000

/**
 * The time limits of a stream, in milliseconds. A limit of the call has precedence over one of its target, and that over one of the client.
 * If `firstTokenMs` is not set anywhere, and no other target can take over, there is no limit but the total time of the call, since giving
 * up early would gain nothing.
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
