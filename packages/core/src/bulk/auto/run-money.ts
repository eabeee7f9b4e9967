import type { Ledger, Reservation } from '../../cost/spend-limit.ts'
import { RunLimit } from '../../options/run-limit.ts'
import { allowsUnpriced, type SpendLimit } from '../../options/spend-limit-options.ts'
import type { Labels } from '../../reporting/labels.ts'

export interface RunMoneyParts {
  readonly ledger: Ledger
  /** Returns the spend limits of the client. */
  readonly limits: () => readonly SpendLimit[] | undefined
  readonly labels: Labels
}

const FREE: Reservation = { usd: 0, settle: () => undefined }

/** The money of one run: under its own limit `maxUsd` and the spend limits of the client, all or none. */
export class RunMoney {
  /** The limit of this run; undefined without `maxUsd`. */
  readonly runLimit: RunLimit | undefined
  readonly #parts: RunMoneyParts

  /**
   * @param maxUsd the maximum that the run may spend, in US dollars; undefined for no maximum
   * @param spentUsd what earlier processes of the run have spent of it
   */
  constructor(parts: RunMoneyParts, maxUsd: number | undefined, spentUsd: number) {
    this.#parts = parts
    // A limit must be above 0. With so little, everything is refused.
    this.runLimit =
      maxUsd === undefined ? undefined : new RunLimit(Math.max(maxUsd - spentUsd, Number.MIN_VALUE))
  }

  /** What is left of all limits, in US dollars; Infinity without a limit. */
  get leftUsd(): number {
    const limits = this.#limits()
    // The labels decide whose money it is under limits with `by`.
    const { ledger, labels } = this.#parts
    return Math.min(
      Infinity,
      ...limits.map(
        (limit) => ledger.state(limit, limit.options.by ? (labels[limit.options.by] ?? '') : '').leftUsd,
      ),
    )
  }

  /** Whether requests without a known price may be sent. */
  get allowsUnpriced(): boolean {
    return allowsUnpriced(this.#limits())
  }

  /**
   * Reserves money for a request that is sent in a batch. The calls of a run reserve theirs themselves.
   * @param usd its highest possible cost, in US dollars; undefined if its price is unknown
   * @returns undefined if too little is left, or the price is unknown and the limits do not allow that
   */
  async reserve(usd: number | undefined): Promise<Reservation | undefined> {
    const limits = this.#limits()
    if (limits.length === 0) return FREE
    if (usd === undefined) return this.allowsUnpriced ? FREE : undefined
    const reserving = this.#parts.ledger.reserve(usd, limits, this.#parts.labels)
    const reserved = 'cancel' in reserving ? await reserving.outcome : reserving
    return 'settle' in reserved ? reserved : undefined
  }

  #limits(): readonly SpendLimit[] {
    const own = this.#parts.limits()
    return this.runLimit ? this.runLimit.with(own) : (own ?? [])
  }
}
