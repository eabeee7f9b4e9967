import { OriginLedger, type OriginStats } from './origin-ledger.ts'

/** The ledgers of a pool, by origin: so many and no more, but for origins that have connections. */
export class OriginLedgers {
  readonly #ledgers = new Map<string, OriginLedger>()
  readonly #allowedAtFirst: (origin: string) => number
  readonly #most: number

  constructor(allowedAtFirst: (origin: string) => number, most = 1_000) {
    this.#allowedAtFirst = allowedAtFirst
    this.#most = most
  }

  /** The ledger of an origin, begun if need be. The one longest known that is without connections makes room for it. */
  open(origin: string): OriginLedger {
    const known = this.#ledgers.get(origin)
    if (known) return known
    if (this.#ledgers.size >= this.#most) this.#makeRoom()
    const ledger = new OriginLedger(this.#allowedAtFirst(origin))
    this.#ledgers.set(origin, ledger)
    return ledger
  }

  /** The ledger of an origin that the pool has had to do with. */
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
