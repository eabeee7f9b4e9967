import type { BatcherStats } from '@harbor/batch'
import type { CacheStats, PrefetcherStats } from '@harbor/cache'
import type { CostStats } from './reporting/cost-stats.ts'
import type { QuotaStats } from './reporting/quota-stats.ts'
import type { TargetStats } from './reporting/target-stats.ts'
import type { Pool } from '@harbor/pool'
import type { FailureKind } from '@harbor/retry'
import { Histogram, type Quantiles } from './reporting/quantiles.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

/** What a client and its copies have done so far. */
export interface HarborStats {
  /** Calls that are over; of streams, those that ended. What was asked ahead is no call. */
  readonly calls: number
  /** Requests that went upstream. */
  readonly attempts: number
  /** Failed attempts by kind; kinds that did not occur are left out. Aborts by the caller are no failures. */
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>
  /** Calls that ended well, of those that their callers did not abort; 1 while there are none. */
  readonly availability: number
  /** Failed attempts that may have been carried out, and billed. */
  readonly possiblyBilled: number
  /** Whole calls that ended well, in milliseconds. */
  readonly latencyMs: Quantiles | undefined
  /** Streams, from the call to the first content, in milliseconds. */
  readonly firstTokenMs: Quantiles | undefined
  readonly cost: CostStats
  /** What was answered without a call upstream; zeros while nothing is cached. */
  readonly cache: CacheStats
  /** What was asked ahead by prediction, and how good the predictions are; undefined while `prefetch` is off. */
  readonly prefetch: PrefetcherStats | undefined
  /** Embeddings that became one request; undefined while `embeddingBatch` is off. */
  readonly embeddingBatch: BatcherStats | undefined
  /** How each target fares that was called, by its name. */
  readonly targets: Readonly<Record<string, TargetStats>>
  /** How the limits of each quota group stand that was used. */
  readonly limits: Readonly<Record<string, QuotaStats>>
  /** Connections by origin; empty when the client runs on a `fetch` of its caller's. */
  readonly pool: ReturnType<Pool['stats']>
  /** Whether `close()` was called: what is above is how it ended. */
  readonly closed: boolean
}

/** Adds up what the events tell. */
export class CallStatistics {
  #calls = 0
  #attempts = 0
  #succeeded = 0
  #failed = 0
  #possiblyBilled = 0
  readonly #failures: Partial<Record<FailureKind, number>> = {}
  readonly #latency = new Histogram()
  readonly #firstToken = new Histogram()

  constructor(telemetry: Telemetry) {
    telemetry.on('attempt', ({ attempt: { failure } }) => {
      this.#attempts++
      if (failure && failure.kind !== 'aborted')
        this.#failures[failure.kind] = (this.#failures[failure.kind] ?? 0) + 1
    })
    telemetry.on('end', ({ receipt: { ahead, outcome, durationMs, firstContentMs, possiblyBilled } }) => {
      this.#possiblyBilled += possiblyBilled
      if (ahead) return
      this.#calls++
      if (outcome === 'failure') this.#failed++
      if (outcome !== 'success') return
      this.#succeeded++
      this.#latency.record(durationMs ?? 0)
      if (firstContentMs !== undefined) this.#firstToken.record(firstContentMs)
    })
  }

  read(): Omit<
    HarborStats,
    'cache' | 'closed' | 'cost' | 'embeddingBatch' | 'limits' | 'pool' | 'prefetch' | 'targets'
  > {
    const judged = this.#succeeded + this.#failed
    return {
      calls: this.#calls,
      attempts: this.#attempts,
      failures: { ...this.#failures },
      availability: judged === 0 ? 1 : this.#succeeded / judged,
      possiblyBilled: this.#possiblyBilled,
      latencyMs: this.#latency.read(),
      firstTokenMs: this.#firstToken.read(),
    }
  }
}
