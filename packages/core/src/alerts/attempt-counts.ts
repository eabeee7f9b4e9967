import type { AttemptCount } from '../reporting/alert.ts'
import type { AttemptRecord } from '../reporting/attempt-record.ts'

/** The maximum number of different targets that are counted separately in one step. The others are counted together, as `other`. */
const MAX_TARGETS = 1_000

/** Counts requests by target and by how they ended. */
export class AttemptCounts {
  /** By target, then by the kind of failure; the empty kind is for answered requests. */
  readonly #targets = new Map<string, Map<string, AttemptCount>>()

  record({ target, failure }: AttemptRecord): void {
    this.#add({ target, failure: failure?.kind, count: 1 })
  }

  addAll(counts: AttemptCounts): void {
    for (const each of counts.read()) this.#add(each)
  }

  read(): AttemptCount[] {
    return [...this.#targets.values()].flatMap((kinds) => [...kinds.values()])
  }

  #add({ target, failure, count }: AttemptCount): void {
    const isKnown = this.#targets.has(target) || this.#targets.size < MAX_TARGETS
    const name = isKnown ? target : 'other'
    let kinds = this.#targets.get(name)
    if (!kinds) this.#targets.set(name, (kinds = new Map<string, AttemptCount>()))
    const before = kinds.get(failure ?? '')?.count ?? 0
    kinds.set(failure ?? '', { target: name, failure, count: before + count })
  }
}
