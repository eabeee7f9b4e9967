import type { BatcherStats } from '@harbor/batch'
import type { CacheStats, PrefetcherStats } from '@harbor/cache'
import type { SemanticReport } from '@harbor/cache/semantic'
import type { CaptureStats } from './reporting/captured-call.ts'
import type { CostStats } from './reporting/cost-stats.ts'
import type { FleetStats } from './reporting/fleet-stats.ts'
import type { QuotaStats } from './reporting/quota-stats.ts'
import type { TargetStats } from './reporting/target-stats.ts'
import type { Pool } from '@harbor/pool'
import type { FailureKind } from '@harbor/retry'
import type { LabelStats } from './reporting/labels.ts'
import { Histogram, type Quantiles } from './reporting/quantiles.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

/** Statistics of a client and its copies since the client was created. */
export interface HarborStats {
  /** The number of finished calls. A stream counts when it has ended; prefetches do not count. */
  readonly calls: number
  /** The number of finished attempts, including retries, hedges and those of prefetches. An attempt is one request to a provider. */
  readonly attempts: number
  /** The number of failed attempts by kind; kinds that did not occur are left out. Aborts by the caller do not count as failures. */
  readonly failures: Readonly<Partial<Record<FailureKind, number>>>
  /** The share of successful calls among all calls that their callers did not abort; 1 before the first call. */
  readonly availability: number
  /** The number of `attempts` that failed, and that the provider may have carried out and billed. */
  readonly possiblyBilled: number
  /** Quantiles of the durations of successful calls, in milliseconds; a stream counts until its end. Undefined before the first. */
  readonly latencyMs: Quantiles | undefined
  /**
   * Quantiles of the time from the start of a streamed call to its first content, in milliseconds. Only successful calls count. Undefined before the
   * first.
   */
  readonly firstTokenMs: Quantiles | undefined
  /** The money spent and saved so far, in US dollars. */
  readonly cost: CostStats
  /**
   * Statistics of the calls by label and value, such as `labels.tenant.acme`; empty without labels. At most 64 labels, and 1,000 values of each, are
   * counted separately. Further values of a label are counted as its value `other`, further labels as the label `other`.
   */
  readonly labels: Readonly<Record<string, Readonly<Record<string, LabelStats>>>>
  /** What became of the calls that `captureContent` captured; undefined before the first one. */
  readonly captures: CaptureStats | undefined
  /** Statistics of the cache; all zero without a cache. */
  readonly cache: CacheStats
  /** What the semantic cache has found, judged and served; undefined while `cache.semantic` is off, and before its first call. */
  readonly semantic: SemanticReport | undefined
  /** Statistics of predictive prefetches, and how accurate they are; undefined while `prefetch` is off. */
  readonly prefetch: PrefetcherStats | undefined
  /** Statistics of batched embedding requests; undefined while `embeddingBatch` is off. */
  readonly embeddingBatch: BatcherStats | undefined
  /** The health and the latency of each target that was called, by its name, such as `openai/gpt-4`. */
  readonly targets: Readonly<Record<string, TargetStats>>
  /** The limits of each quota group that was used, and their current state. A quota group is a set of targets that share rate limits. */
  readonly limits: Readonly<Record<string, QuotaStats>>
  /** The connection to the other processes of the fleet; undefined without the option `fleet`. */
  readonly fleet: FleetStats | undefined
  /** Statistics of the connections by origin, such as `https://api.openai.com`; empty with a `fetch` of your own. */
  readonly pool: ReturnType<Pool['stats']>
  /** Whether `close()` was called; the other values stay readable. */
  readonly closed: boolean
}

/** Counts the events of a client's calls. */
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
    telemetry.on(
      'end',
      ({ receipt: { isPrefetch, outcome, durationMs, firstContentMs, possiblyBilled } }) => {
        this.#possiblyBilled += possiblyBilled
        if (isPrefetch) return
        this.#calls++
        if (outcome === 'failure') this.#failed++
        if (outcome !== 'success') return
        this.#succeeded++
        this.#latency.record(durationMs ?? 0)
        if (firstContentMs !== undefined) this.#firstToken.record(firstContentMs)
      },
    )
  }

  read(): Omit<
    HarborStats,
    | 'cache'
    | 'captures'
    | 'closed'
    | 'cost'
    | 'embeddingBatch'
    | 'fleet'
    | 'labels'
    | 'limits'
    | 'pool'
    | 'prefetch'
    | 'semantic'
    | 'targets'
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
