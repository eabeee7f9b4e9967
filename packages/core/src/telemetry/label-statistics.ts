import { NO_LABELS, type Labels, type LabelStats } from '../reporting/labels.ts'
import type { OpenReceipt } from '../reporting/open-receipt.ts'

/** The maximum number of labels that are counted by name. Calls with further labels are counted under the label `other`. */
const MAX_NAMES = 64
/** The maximum number of values of one label that are counted apart. Calls with further values are counted under the value `other`. */
const MAX_VALUES = 1_000
const OTHER = 'other'

type Counters = { -readonly [Field in keyof LabelStats]: number }

/** Counts the calls of a client by their labels. */
export class LabelStatistics {
  readonly #labels = new Map<string, Map<string, Counters>>()

  /** Counts a call that has ended. Its cost is added when it is known, which may be later. */
  count(receipt: OpenReceipt): void {
    if (receipt.labels === NO_LABELS) return
    const counters = this.#countersOf(receipt.labels)
    for (const each of counters) add(each, receipt)
    let spentUsd = 0
    receipt.whenBilled(({ usd }) => {
      for (const each of counters) each.spentUsd += usd - spentUsd
      spentUsd = usd
    })
  }

  read(): Readonly<Record<string, Readonly<Record<string, LabelStats>>>> {
    return Object.fromEntries(
      Array.from(this.#labels, ([name, values]) => [
        name,
        Object.fromEntries(Array.from(values, ([value, counters]) => [value, { ...counters }])),
      ]),
    )
  }

  /** Returns the counters of each label. Each of them is returned once, also if several labels are counted together. */
  #countersOf(labels: Labels): ReadonlySet<Counters> {
    return new Set(
      Object.entries(labels).map(([name, value]) => {
        const isNamed = this.#labels.has(name) || this.#labels.size < MAX_NAMES
        const values = entryOf(this.#labels, isNamed ? name : OTHER, () => new Map<string, Counters>())
        const isCounted = isNamed && (values.has(value) || values.size < MAX_VALUES)
        return entryOf(values, isCounted ? value : OTHER, newCounters)
      }),
    )
  }
}

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
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
