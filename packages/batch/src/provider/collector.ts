import { BatchItemError, type BatchItemReason } from './errors.ts'
import type { ProviderBatchResult } from './contracts.ts'
import type { Ledger, BatchPart } from './state/ledger.ts'
import type { RunSettings } from './run-settings.ts'
import type { Retrier } from './retrier.ts'
import { requestLine, RequestLines } from './request-lines.ts'
import type { ShardSource } from './shard-source.ts'
import { rowsOf } from './state/rows.ts'
import { TOKEN_LIMIT } from './token-limit.ts'
import type { BatchVendor, LineOutcome, VendorRun } from './vendor.ts'

/** Requests of an ended part that are submitted again, as a new part. */
export interface Remainder {
  /**
   * The suffix of the new part's name. `again`: the requests were not answered. `first`, `second`: they are one half of a part that had too many
   * tokens. `failed`: they failed in a run that has finished.
   */
  next: 'again' | 'first' | 'second' | 'failed'
  count: number
  round: number
  lines: () => Promise<RequestLines>
  /** Returns the positions of the requests in the source, as text. Works only for a vendor whose requests are held on this machine. */
  rows: () => Promise<string>
}

export interface CollectorParts {
  readonly settings: RunSettings
  readonly retrier: Retrier
  readonly ledger: Ledger
  readonly source: ShardSource
  readonly vendor: BatchVendor
  readonly vendorRun: VendorRun
  readonly resubmitFailed: boolean
}

/** How many times results with missing lines are read in total. The lines may appear later; if they do not, the provider's counts may be wrong. */
export const MAX_READS = 3

/**
 * Reads the results of an ended part. Each request of the part either gets a result or is in a remainder, which is submitted again. Results for other
 * requests are ignored. Only the ids in the files decide which requests were answered, never the provider's counts. A file is never in memory as a
 * whole.
 */
export class Collector {
  readonly #parts: CollectorParts

  constructor(parts: CollectorParts) {
    this.#parts = parts
  }

  async *collect(part: BatchPart): AsyncGenerator<ProviderBatchResult<unknown> | Remainder, void, undefined> {
    const { end, batchId = '', round, count } = part
    if (!end) return
    const hasFailed = end.status === 'failed'
    if (hasFailed && !end.outputFileId && !end.errorFileId) {
      yield* this.#failed(part, end.code ?? undefined)
      return
    }
    const answered = new Set<string>()
    const failed = new Set<string>()
    const unanswered = new Map<string, Unanswered>()
    const again = await this.#idsAgain(part)
    const resubmitsFailures = this.#resubmitsFailures(part)
    for await (const outcome of this.#outcomes(part, answered)) {
      const { id } = outcome
      // Another part has this request now, and its answer is that of the other part, even if this one has an answer by now.
      if (again?.has(id)) continue
      if (outcome.kind === 'unanswered') {
        unanswered.set(id, outcome)
        continue
      }
      answered.add(id)
      if (outcome.kind === 'value') yield { id, ok: true, value: outcome.value, batchId, round }
      else if (resubmitsFailures) failed.add(id)
      else yield { id, ok: false, error: outcome.error, batchId, round }
    }
    const left = count - answered.size
    const cancelled = end.status === 'cancelled'
    const resubmits = left > 0 && this.#resubmitsUnanswered(part, cancelled || hasFailed)
    if (resubmits) yield this.#remainder(part, 'again', left, (id) => !answered.has(id))
    if (resubmitsFailures) {
      const isNext = (id: string): boolean => failed.has(id) || (!resubmits && !answered.has(id))
      const count = failed.size + (resubmits ? 0 : left)
      if (count > 0) yield this.#remainder(part, 'failed', count, isNext)
      return
    }
    // What an earlier process has submitted again is known. What is missing beside that had an answer then.
    if (left <= 0 || (resubmits && (!again || left <= again.size))) return
    for await (const { id } of this.#parts.vendorRun.input(part)) {
      if (answered.has(id) || again?.has(id)) continue
      const { reason = hasFailed ? 'batch-failed' : cancelled ? 'cancelled' : 'missing', error } =
        unanswered.get(id) ?? {}
      yield { id, ok: false, error: error ?? new BatchItemError(reason, batchId), batchId, round }
    }
  }

  /**
   * Yields the outcomes in the result files of a part, without those of other requests or of ids in `answered`. The caller adds the id of each answer
   * to `answered`, so that a second answer with the same id is left out.
   */
  async *#outcomes(
    part: BatchPart,
    answered: ReadonlySet<string>,
  ): AsyncGenerator<LineOutcome, void, undefined> {
    const { end, count } = part
    const isRequested = await this.#requestedIn(part)
    const isDone = (): boolean => answered.size === count
    for (let reads = 1; ; reads++) {
      let rows = 0
      for await (const outcome of this.#parts.vendorRun.results(part, isDone)) {
        if (!isRequested(outcome.id)) continue
        rows++
        if (!answered.has(outcome.id)) yield outcome
      }
      const counted = Math.min(count, end?.answered ?? 0)
      if (isDone() || rows >= counted || reads >= MAX_READS) return
      await this.#parts.retrier.wait(this.#parts.settings.pollMs)
    }
  }

  /** Returns a predicate that is true for the ids of the requests in this part. */
  async #requestedIn(part: BatchPart): Promise<(id: string) => boolean> {
    if (part.parent === null) return (id) => this.#parts.source.isIn(Number(part.part), id)
    const ids = new Set<string>()
    for await (const { id } of this.#parts.vendorRun.input(part)) ids.add(id)
    return (id) => ids.has(id)
  }

  /** Returns the ids that an earlier process has submitted again, if the state says which; undefined otherwise. */
  async #idsAgain({ part }: BatchPart): Promise<ReadonlySet<string> | undefined> {
    const again = this.#parts.ledger.get(`${part}.again`)
    if (again?.rows === undefined) return undefined
    const ids = new Set<string>()
    for await (const { id } of this.#parts.vendorRun.input(again)) ids.add(id)
    return ids
  }

  /** Whether the unanswered requests of a part are submitted again. If an earlier process has already decided this, its decision applies. */
  #resubmitsUnanswered({ part, round }: BatchPart, cancelled: boolean): boolean {
    if (this.#parts.ledger.get(`${part}.again`)) return true
    return (
      !cancelled && round < this.#parts.settings.maxResubmits && !this.#parts.ledger.get(`${part}.failed`)
    )
  }

  /** Whether the failed requests of a part are submitted again, although a finished run has reported their errors. */
  #resubmitsFailures({ part, isReported = false }: BatchPart): boolean {
    return (
      (this.#parts.resubmitFailed && isReported) || this.#parts.ledger.get(`${part}.failed`) !== undefined
    )
  }

  /**
   * Handles a batch that failed as a whole, without result files. If it had too many tokens, its requests are submitted again, in two halves if
   * possible. After any other failure, each request gets an error, because the same batch would fail again. With `resubmitFailed`, a later run
   * submits such requests again.
   */
  async *#failed(
    part: BatchPart,
    code: string | undefined,
  ): AsyncGenerator<ProviderBatchResult<unknown> | Remainder, void, undefined> {
    const { batchId = '', round, count } = part
    if (code === TOKEN_LIMIT && count > 1) {
      const half = Math.ceil(count / 2)
      yield this.#remainder(part, 'first', half, (_, index) => index < half)
      yield this.#remainder(part, 'second', count - half, (_, index) => index >= half)
    } else if (code === TOKEN_LIMIT && this.#resubmitsUnanswered(part, false)) {
      yield this.#remainder(part, 'again', count, () => true)
    } else if (this.#resubmitsFailures(part)) {
      yield this.#remainder(part, 'failed', count, () => true)
    } else {
      for await (const { id } of this.#parts.vendorRun.input(part)) {
        const error = new BatchItemError('batch-failed', batchId, { providerCode: code })
        yield { id, ok: false, error, batchId, round }
      }
    }
  }

  /** @param keeps returns whether a request is submitted again, given its id and its index in the part */
  #remainder(
    part: BatchPart,
    next: Remainder['next'],
    count: number,
    keeps: (id: string, index: number) => boolean,
  ): Remainder {
    const { settings, vendor, vendorRun } = this.#parts
    const lines = async (): Promise<RequestLines> => {
      const kept = new RequestLines()
      let place = 0
      for await (const { id, body, index } of vendorRun.input(part)) {
        if (keeps(id, place++)) kept.add(requestLine({ id, body }, index, vendor, settings))
      }
      return kept
    }
    const rows = async (): Promise<string> => {
      const positions: number[] = []
      let place = 0
      for await (const { id, index } of vendorRun.input(part)) if (keeps(id, place++)) positions.push(index)
      return rowsOf(positions)
    }
    const round = next === 'failed' ? 0 : part.round + (next === 'again' ? 1 : 0)
    return { next, count, round, lines, rows }
  }
}

interface Unanswered {
  reason: BatchItemReason
  error?: BatchItemError
}
