import type { Fleet, FleetMoney, FleetOutcome, FleetPot } from '../../src/index.ts'

interface Pot {
  usedUsd: number
  reservedUsd: number
}

/** The money of a fleet, in this process. Of each two reservations, it decides about one only after a while, as a process has to that asks others. */
class LaterMoney implements FleetMoney {
  readonly #pots = new Map<string, Map<string, Pot>>()
  #asked = 0
  /** The number of reservations that were decided later, and of those that were given up before. */
  readonly counts = { later: 0, cancelled: 0 }

  reserve(
    usd: number,
    pots: readonly FleetPot[],
  ): FleetOutcome | { readonly outcome: Promise<FleetOutcome>; cancel(): void } {
    if (++this.#asked % 2 === 0) return this.#decide(usd, pots)
    this.counts.later++
    let isCancelled = false
    const outcome = new Promise<FleetOutcome>((resolve) => {
      setTimeout(() => {
        if (!isCancelled) resolve(this.#decide(usd, pots))
      }, this.#asked % 4)
    })
    const cancel = (): void => {
      isCancelled = true
      this.counts.cancelled++
    }
    return { outcome, cancel }
  }

  state(pot: FleetPot): { usedUsd: number; reservedUsd: number; leftUsd: number; untilMs: number } {
    const { usedUsd, reservedUsd } = this.#pot(pot)
    return { usedUsd, reservedUsd, leftUsd: Math.max(0, pot.usd - usedUsd - reservedUsd), untilMs: Infinity }
  }

  *values(kind: string): Iterable<string> {
    for (const [value, pot] of this.#pots.get(kind) ?? []) if (pot.usedUsd + pot.reservedUsd > 0) yield value
  }

  #decide(usd: number, pots: readonly FleetPot[]): FleetOutcome {
    const place = pots.findIndex((pot) => usd > this.state(pot).leftUsd + 1e-9)
    if (place >= 0) {
      const leftUsd = pots.map((pot) => this.state(pot).leftUsd)[place] ?? 0
      return { place, leftUsd, untilMs: Infinity, isFull: false }
    }
    const taken = pots.map((pot) => this.#pot(pot))
    for (const pot of taken) pot.reservedUsd += usd
    return {
      settle: (spentUsd) => {
        for (const pot of taken) {
          pot.reservedUsd = Math.max(0, pot.reservedUsd - usd)
          pot.usedUsd += spentUsd
        }
      },
    }
  }

  #pot({ kind, value }: FleetPot): Pot {
    let values = this.#pots.get(kind)
    if (!values) this.#pots.set(kind, (values = new Map<string, Pot>()))
    let pot = values.get(value)
    if (!pot) values.set(value, (pot = { usedUsd: 0, reservedUsd: 0 }))
    return pot
  }
}

/** A fleet that shares only its spend limits. */
export function laterMoney(): Fleet & { readonly counts: { later: number; cancelled: number } } {
  const money = new LaterMoney()
  return {
    counts: money.counts,
    join: () => ({
      share: ['spend'],
      money,
      stats: () => ({ members: 1, degraded: false, roundTrips: 0, lastError: undefined }),
      close: () => Promise.resolve(),
    }),
  }
}
