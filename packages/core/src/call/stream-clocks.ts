import type { LegExchange } from './exchange.ts'

export interface StreamClocks {
  readonly firstTokenMs: number
  readonly idleMs: number
}

/** For a target with an alternative, in milliseconds. */
export const FIRST_TOKEN_MS = 300_000

/**
 * How long a stream may be silent, in milliseconds: as the call, its target or the client says. Where none of them sets how long the first
 * content may take, a target without alternative has what is left of the total: to give it up early would gain nothing.
 */
export function streamClocks({ asked, leg, policy }: LegExchange): StreamClocks {
  const { target } = leg
  return {
    firstTokenMs:
      asked.timeouts?.firstTokenMs ??
      target.firstTokenMs ??
      policy.firstTokenMs ??
      (leg.canMoveOn ? FIRST_TOKEN_MS : Infinity),
    idleMs: asked.timeouts?.idleMs ?? target.idleMs ?? policy.idleMs,
  }
}
