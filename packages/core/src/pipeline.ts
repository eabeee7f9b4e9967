import type { Handler, Transport } from './call/exchange.ts'
import { deadlineLayer } from './layers/deadline.ts'
import { guardLayer } from './layers/guard.ts'
import { receiptLayer } from './layers/receipt.ts'
import { retryLayer } from './layers/retry.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

/** The order of the layers, from the caller to the wire. */
export function createPipeline(transport: Transport, telemetry: Telemetry): Handler {
  const guard = guardLayer(transport, telemetry)
  const retry = retryLayer(telemetry)(guard)
  const deadline = deadlineLayer(retry)
  return receiptLayer(telemetry)(deadline)
}
