import type { LegExchange } from '../call/exchange.ts'

export interface StreamClocks {
  readonly firstTokenMs: number
  readonly idleMs: number
}

/** How long a stream may be silent, in milliseconds: as the call asks, or its target, or everybody. */
export function streamClocks({ asked, leg: { target }, policy }: LegExchange): StreamClocks {
  return {
    firstTokenMs: asked.timeouts?.firstTokenMs ?? target.firstTokenMs ?? policy.firstTokenMs,
    idleMs: asked.timeouts?.idleMs ?? target.idleMs ?? policy.idleMs,
  }
}
