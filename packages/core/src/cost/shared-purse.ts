import type { Target } from '../reporting/target.ts'
import type { Drawn, DrawRefusal, KnownCost, MoneyWait, Payer, Purse, Share } from './purse.ts'

/** The money reserved for a request that serves several calls. Each of them pays its share from its own money. */
export class SharedPurse implements Payer {
  readonly #purses: readonly Purse[]
  readonly #shares: readonly number[]
  /** The calls that could not pay for the latest attempt, by their places, with their refusals. */
  refusals: ReadonlyMap<number, DrawRefusal> = new Map()

  /**
   * @param purses the money of each call
   * @param shares the part of the cost that each call pays, from 0 to 1. They add up to 1
   */
  constructor(purses: readonly Purse[], shares: readonly number[]) {
    this.#purses = purses
    this.#shares = shares
  }

  /** As in `Payer`. If some calls cannot pay, nothing is reserved for the attempt, and one of their refusals is returned. */
  draw(target: Target, wait: MoneyWait): Drawn | Promise<Drawn> {
    const drawing = this.#purses.map((purse) => purse.draw(target, wait))
    return drawing.some((each) => each instanceof Promise)
      ? this.#allOf(drawing)
      : this.#together(drawing as Drawn[])
  }

  /** Waits for the money of all calls. If the wait of one is ended, the others get theirs back. */
  async #allOf(drawing: readonly (Drawn | Promise<Drawn>)[]): Promise<Drawn> {
    const ended = await Promise.allSettled(drawing.map(async (each) => each))
    const drawn = ended.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    const failed = ended.find((each) => each.status === 'rejected')
    if (!failed) return this.#together(drawn)
    new AllShares(drawn.filter((each) => 'keep' in each)).giveBack()
    throw failed.reason
  }

  #together(drawing: readonly Drawn[]): Drawn {
    const drawn: Share[] = []
    const refusals = new Map<number, DrawRefusal>()
    for (const [place, each] of drawing.entries()) {
      if ('keep' in each) drawn.push(each)
      else refusals.set(place, each)
    }
    this.refusals = refusals
    const [refusal] = refusals.values()
    if (!refusal) return new AllShares(drawn)
    new AllShares(drawn).giveBack()
    return refusal
  }

  close(servedBy?: Target, cost?: KnownCost): void {
    for (const [place, purse] of this.#purses.entries())
      purse.close(servedBy, cost && { ...cost, usd: cost.usd * (this.#shares[place] ?? 0) })
  }
}

/** The money of all calls for one attempt. */
class AllShares implements Share {
  readonly #shares: readonly Share[]

  constructor(shares: readonly Share[]) {
    this.#shares = shares
  }

  answered(): void {
    for (const share of this.#shares) share.answered()
  }

  keep(): void {
    for (const share of this.#shares) share.keep()
  }

  giveBack(): void {
    for (const share of this.#shares) share.giveBack()
  }
}
