import type { Handler, Transport } from './call/exchange.ts'
import type { Accounts } from './cost/accounts.ts'
import type { Ledger } from './cost/spend-limit.ts'
import { admissionLayer } from './layers/admission.ts'
import type { CacheLayer } from './layers/cache.ts'
import { continuationLayer } from './layers/continuation.ts'
import { costLayer } from './layers/cost.ts'
import { deadlineLayer } from './layers/deadline.ts'
import type { EmbeddingBatch } from './layers/embedding-batch.ts'
import { fallbackLayer } from './layers/fallback.ts'
import { lastResortLayer } from './layers/last-resort.ts'
import { guardLayer } from './layers/guard.ts'
import { paymentLayer } from './layers/payment.ts'
import { receiptLayer } from './layers/receipt.ts'
import { gateLayers } from './layers/send-gate.ts'
import { retryLayer } from './layers/retry.ts'
import type { KeyLayers } from './layers/key.ts'
import { signLayer } from './layers/sign.ts'
import type { Quotas } from './limits/quotas.ts'
import type { Health } from './routing/health.ts'
import type { StickyTargets } from './routing/sticky-targets.ts'
import type { ContentCapture } from './telemetry/content-capture.ts'
import type { LabelStatistics } from './telemetry/label-statistics.ts'
import type { Telemetry } from './telemetry/telemetry.ts'
import { transportOfProviders } from './transport/provider-fetch.ts'
import type { HeldBytes } from './wire/held-bytes.ts'

/** The state that the layers of the pipeline keep between calls. */
export interface PipelineState {
  readonly health: Health
  readonly quotas: Quotas
  readonly keys: KeyLayers
  readonly sticky: StickyTargets
  readonly cache: CacheLayer
  /** Combines requests for single embeddings into batches; undefined when `embeddingBatch` is off. */
  readonly embeddingBatch: EmbeddingBatch | undefined
  readonly accounts: Accounts
  readonly ledger: Ledger
  readonly telemetry: Telemetry
  readonly labels: LabelStatistics
  readonly capture: ContentCapture
  /** Limits the memory that large answers use while they are read. */
  readonly held: HeldBytes
}

/** Puts the layers together, in their order from the caller to the wire. */
export function createPipeline(
  transport: Transport,
  {
    health,
    quotas,
    keys,
    sticky,
    cache,
    embeddingBatch,
    accounts,
    ledger,
    telemetry,
    labels,
    capture,
    held,
  }: PipelineState,
): Handler {
  const guard = guardLayer(transportOfProviders(transport), telemetry, held, accounts)
  const signed = signLayer(health.cooldowns)(keys.learn(paymentLayer(guard)))
  const admission = admissionLayer(health, quotas)(gateLayers.request(signed))
  const retry = retryLayer(telemetry)(gateLayers.attempt(keys.choose(admission)))
  const fallback = fallbackLayer(health, quotas, sticky, telemetry)(continuationLayer(gateLayers.leg(retry)))
  const cost = costLayer(accounts, ledger, telemetry)(fallback)
  const embeddings = embeddingBatch?.layer(cost) ?? cost
  const lastResort = lastResortLayer(telemetry)(cache.layer(embeddings))
  const deadline = deadlineLayer(lastResort)
  return receiptLayer({ telemetry, labels, accounts, capture })(deadline)
}
