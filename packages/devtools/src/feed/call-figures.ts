import type { CacheFigures, ClientStats, CostFigures } from '../client-stats.ts'
import type { ShownReceipt } from '../receipt.ts'

/** The number of latest streams over which the time to the first content is measured. */
const MAX_STREAMS = 1_000

const NO_COST: CostFigures = {
  spentUsd: 0,
  possiblyBilledUsd: 0,
  savedByFallbackUsd: 0,
  savedByCacheUsd: 0,
  savedByBatchUsd: 0,
  unpricedCalls: 0,
}
const NO_CACHE: CacheFigures = {
  hits: 0,
  stale: 0,
  misses: 0,
  shared: 0,
  bypassed: 0,
  ratio: 0,
  entries: 0,
  bytes: 0,
}

/** Counts calls from their receipts, for clients that have no statistics of their own. */
export class CallFigures {
  #calls = 0
  #attempts = 0
  #answered = 0
  #failed = 0
  readonly #firstContentMs: number[] = []

  add({ outcome, attempts, firstContentMs }: ShownReceipt): void {
    this.#calls++
    this.#attempts += attempts.length
    if (outcome === 'success') this.#answered++
    else if (outcome === 'failure') this.#failed++
    if (firstContentMs === undefined) return
    this.#firstContentMs.push(firstContentMs)
    if (this.#firstContentMs.length > MAX_STREAMS) this.#firstContentMs.shift()
  }

  read(): Omit<ClientStats, 'targets' | 'closed'> {
    const times = this.#firstContentMs.toSorted((one, other) => one - other)
    const at = (share: number): number => times[Math.floor((times.length - 1) * share)] ?? 0
    const ended = this.#answered + this.#failed
    return {
      calls: this.#calls,
      attempts: this.#attempts,
      availability: ended === 0 ? 1 : this.#answered / ended,
      firstTokenMs: times.length === 0 ? undefined : { p50: at(0.5), p95: at(0.95) },
      cost: NO_COST,
      cache: NO_CACHE,
      limits: {},
    }
  }
}
