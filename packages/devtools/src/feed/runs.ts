import type { BulkFigures, BulkStart } from '../client.ts'

/** The maximum number of bulk runs that are shown: the latest ones. */
const MAX_RUNS = 10

/** A bulk run, as the page gets it. */
export interface RunSnapshot extends BulkFigures {
  readonly client: number
  readonly via: string
  /** When it was created, in milliseconds since the epoch. */
  readonly startedAt: number
}

/** The latest bulk runs of all clients. */
export class Runs {
  readonly #runs: {
    readonly client: number
    readonly via: string
    readonly startedAt: number
    readonly progress: BulkStart['progress']
  }[] = []

  add(client: number, { via, progress }: BulkStart, now: number): void {
    this.#runs.push({ client, via, startedAt: now, progress })
    if (this.#runs.length > MAX_RUNS) this.#runs.shift()
  }

  /** Returns the counters of all runs, the latest run first. */
  read(): RunSnapshot[] {
    return this.#runs.toReversed().map(({ client, via, startedAt, progress }) => {
      const {
        read,
        queued,
        inFlight,
        ok,
        failed,
        skipped,
        dropped,
        resumed,
        total,
        ratePerMinute,
        etaMs,
        waitingOn,
      } = progress()
      const counts = { read, queued, inFlight, ok, failed, skipped, dropped, resumed }
      return { client, via, startedAt, ...counts, total, ratePerMinute, etaMs, waitingOn }
    })
  }
}
