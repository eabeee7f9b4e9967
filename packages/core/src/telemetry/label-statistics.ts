import { NO_LABELS, type LabelStats } from '../reporting/labels.ts'
import type { LabelValue, LabelValues } from '../reporting/label-values.ts'
import type { OpenReceipt } from '../reporting/open-receipt.ts'

type Counters = { -readonly [Field in keyof LabelStats]: number }

/** Counts the calls of a client by their labels. */
export class LabelStatistics {
  readonly #values: LabelValues
  readonly #counters = new Map<LabelValue, Counters>()

  constructor(values: LabelValues) {
    this.#values = values
  }

  /** Counts a call that has ended. Its cost is added when it is known, which may be later. */
  count(receipt: OpenReceipt): void {
    if (receipt.labels === NO_LABELS) return
    const counters = this.#values.of(receipt.labels).map((value) => this.#countersOf(value))
    for (const each of counters) add(each, receipt)
    let spentUsd = 0
    receipt.whenBilled(({ usd }) => {
      for (const each of counters) each.spentUsd += usd - spentUsd
      spentUsd = usd
    })
  }

  read(): Readonly<Record<string, Readonly<Record<string, LabelStats>>>> {
    const labels = new Map<string, [string, LabelStats][]>()
    for (const [{ name, value }, counters] of this.#counters) {
      const values = labels.get(name) ?? []
      labels.set(name, values)
      values.push([value, { ...counters }])
    }
    return Object.fromEntries(Array.from(labels, ([name, values]) => [name, Object.fromEntries(values)]))
  }

  #countersOf(value: LabelValue): Counters {
    let counters = this.#counters.get(value)
    if (!counters) this.#counters.set(value, (counters = newCounters()))
    return counters
  }
}

function newCounters(): Counters {
  return {
    calls: 0,
    failures: 0,
    aborted: 0,
    attempts: 0,
    inputTokens: 0,
    outputTokens: 0,
    spentUsd: 0,
    possiblyBilled: 0,
  }
}

function add(
  counters: Counters,
  { isPrefetch, outcome, attempts, usage, possiblyBilled }: OpenReceipt,
): void {
  if (!isPrefetch) counters.calls++
  if (!isPrefetch && outcome === 'failure') counters.failures++
  if (!isPrefetch && outcome === 'aborted') counters.aborted++
  counters.attempts += attempts.length
  counters.inputTokens += usage?.inputTokens ?? 0
  counters.outputTokens += usage?.outputTokens ?? 0
  counters.possiblyBilled += possiblyBilled
}
