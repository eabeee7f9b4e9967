import { OriginLedger, type OriginStats } from './origin-ledger.ts'

/**
 * The OriginLedger of each origin of a pool. There are at most `max`, but the ledger of an origin with connections is never deleted, so
 * there may be more.
 */
export class OriginLedgers {
  readonly #ledgers = new Map<string, OriginLedger>()
  readonly #allowedAtFirst: (origin: string) => number
  readonly #max: number

  constructor(allowedAtFirst: (origin: string) => number, max = 1_000) {
    this.#allowedAtFirst = allowedAtFirst
    this.#max = max
  }

  /**
   * Returns the ledger of an origin, and creates it if needed. If there are `max` ledgers already, first deletes the oldest one whose
   * origin has no connections.
   */
  open(origin: string): OriginLedger {
    const known = this.#ledgers.get(origin)
    if (known) return known
    if (this.#ledgers.size >= this.#max) this.#makeRoom()
    const ledger = new OriginLedger(this.#allowedAtFirst(origin))
    this.#ledgers.set(origin, ledger)
    return ledger
  }

  /** Returns the ledger of an origin, if there is one. */
  find(origin: string): OriginLedger | undefined {
    return this.#ledgers.get(origin)
  }

  stats(): Record<string, OriginStats> {
    return Object.fromEntries(Array.from(this.#ledgers, ([origin, ledger]) => [origin, ledger.stats()]))
  }

  #makeRoom(): void {
    for (const [origin, { readGauges }] of this.#ledgers) {
      if (readGauges) continue
      this.#ledgers.delete(origin)
      return
    }
  }
}
