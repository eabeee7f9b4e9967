import type { BulkResult } from './bulk-run.ts'
import type { KeptResults } from './kept-results.ts'
import type { Outlet } from './outlet.ts'
import type { Tally } from './tally.ts'

/** What a run that is resumed has to do with. */
export interface ResumptionHost<Result> {
  readonly outlet: Outlet<BulkResult<Result>>
  readonly tally: Tally
  /** How many results may wait for the consumer. */
  readonly slots: () => number
  readonly isOver: () => boolean
}

/** The beginning of a run with a journal: what that holds is given out, no faster than it is taken, before anything is called. */
export class Resumption<Result> {
  readonly #kept: KeptResults<Result>
  readonly #host: ResumptionHost<Result>
  #onRoom: (() => void) | undefined

  constructor(kept: KeptResults<Result>, host: ResumptionHost<Result>) {
    this.#kept = kept
    this.#host = host
  }

  /** Opens the journal. @returns its key */
  async open(fingerprint: string | undefined): Promise<string | undefined> {
    await this.#kept.open(fingerprint)
    return this.#kept.key
  }

  /** Resolves when everything is given out, or the run is over. */
  async giveOut(): Promise<void> {
    const { outlet, tally, slots, isOver } = this.#host
    if (isOver()) return
    if (outlet.isDropping) {
      tally.resumed = this.#kept.size
      return
    }
    for await (const result of this.#kept.all()) {
      if (isOver()) return
      tally.resumed++
      outlet.put(result)
      while (outlet.held >= slots() && !isOver()) {
        await new Promise<void>((resolve) => (this.#onRoom = resolve))
      }
    }
  }

  /** A result has been taken, or the run is over. */
  proceed(): void {
    this.#onRoom?.()
  }
}
