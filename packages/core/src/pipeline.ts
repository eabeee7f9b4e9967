import type { Handler, Transport } from './call/exchange.ts'
import { admissionLayer } from './layers/admission.ts'
import { deadlineLayer } from './layers/deadline.ts'
import { fallbackLayer } from './layers/fallback.ts'
import { guardLayer } from './layers/guard.ts'
import { receiptLayer } from './layers/receipt.ts'
import { retryLayer } from './layers/retry.ts'
import type { Health } from './targets/health.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

/** The order of the layers, from the caller to the wire. */
export function createPipeline(transport: Transport, health: Health, telemetry: Telemetry): Handler {
  const guard = guardLayer(transport, telemetry)
  const admission = admissionLayer(health)(guard)
  const retry = retryLayer(telemetry)(admission)
  const fallback = fallbackLayer(health, telemetry)(retry)
  const deadline = deadlineLayer(fallback)
  return receiptLayer(telemetry)(deadline)
}
