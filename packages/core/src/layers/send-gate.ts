import { BulkStoppedError } from '@harbor/batch'
import { AttemptError } from '../attempt/attempt-error.ts'
import type { Answer, Exchange, LegExchange, LegHandler } from '../call/exchange.ts'
import { LegGate } from '../call/leg-gate.ts'
import type { SendGate } from '../options/send-gate.ts'

/**
 * The layers for calls with a `SendGate`, such as those of a bulk run. When the gate closes, they abort each call that waits for a limit, a
 * slot or the next attempt. Requests on the wire may finish. The layers find out what a call is doing from three places: around the
 * retries, around each attempt, and around each request.
 */
export const gateLayers = {
  /** The layer around the retries at one target. */
  leg(next: LegHandler): LegHandler {
    return (exchange) => {
      const { perCall, client } = exchange
      if (client.closed) throw client.closed
      const { gate } = perCall
      return gate ? runLegWithin(gate, exchange, next) : next(exchange)
    }
  },

  /** The layer around an attempt, which may have to wait for a limit. */
  attempt(next: LegHandler): LegHandler {
    return (exchange) => {
      exchange.leg.gate?.enter('limit')
      return next(exchange)
    }
  },

  /** The layer around a request on the wire. */
  request(next: LegHandler): LegHandler {
    return (exchange) => {
      const { gate } = exchange.leg
      return gate ? gate.send(() => next(exchange)) : next(exchange)
    }
  },
}

async function runLegWithin(gate: SendGate, exchange: LegExchange, next: LegHandler): Promise<Answer> {
  if (gate.closing.aborted && hasRequestOnWire(exchange)) {
    // A request to another target is on the wire and may still answer: skip this target, and let the call go on.
    const failure = { kind: 'refused', code: 'bulk_stopped', retryable: false, ambiguous: false } as const
    throw new AttemptError(exchange, failure, { cause: gate.closing.reason })
  }
  gate.closing.throwIfAborted()
  const legGate = new LegGate(gate, exchange.signal)
  exchange.leg.gate = legGate
  try {
    return await next({ ...exchange, signal: legGate.signal })
  } finally {
    legGate.close()
  }
}

export function hasRequestOnWire({ receipt }: Exchange): boolean {
  return receipt.attempts.some(({ durationMs }) => durationMs === undefined)
}

/**
 * Whether a call failed only because it shared an upstream call with a bulk run of another caller, and that run stopped. The call then has
 * to be made again.
 */
export function isCalledOffForOthers(error: unknown, { perCall }: Exchange): boolean {
  return BulkStoppedError.is(error) && perCall.gate?.closing.aborted !== true
}
