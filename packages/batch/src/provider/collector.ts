import { fileIdOf, TOKEN_LIMIT } from './batch-end.ts'
import { BatchItemError, type BatchItemReason, IncompleteInputError } from './errors.ts'
import type { ProviderBatchResult } from './contracts.ts'
import type { Ledger, BatchPart } from './state/ledger.ts'
import type { ProviderBatchSettings } from './options.ts'
import type { Retrier } from './retrier.ts'
import { fileLines, lineOutcome, type LineOutcome } from './remote-files.ts'
import { requestLine, RequestLines } from './request-lines.ts'
import type { ShardSource } from './shard-source.ts'

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
}

interface InputLine {
  custom_id: string
  body: object
}

/** How many times a file with missing lines is read in total. The lines may appear later; if they do not, the provider's counts may be wrong. */
const MAX_READS = 3

/**
 * Reads the results of an ended part. Each request of the part either gets a result or is in a remainder, which is submitted again. Results for other
 * requests are ignored. Only the ids in the files decide which requests were answered, never the provider's counts. A file is never in memory as a
 * whole.
 */
export class Collector {
  readonly #settings: ProviderBatchSettings
  readonly #retrier: Retrier
  readonly #ledger: Ledger
  readonly #resubmitFailed: boolean
  readonly #source: ShardSource

  constructor(
    settings: ProviderBatchSettings,
    retrier: Retrier,
    ledger: Ledger,
    { resubmitFailed }: { resubmitFailed: boolean },
    source: ShardSource,
  ) {
    this.#settings = settings
    this.#retrier = retrier
    this.#ledger = ledger
    this.#resubmitFailed = resubmitFailed
    this.#source = source
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
    const reasons = new Map<string, BatchItemReason>()
    const resubmitsFailures = this.#resubmitsFailures(part)
    for await (const outcome of this.#outcomes(part, answered)) {
      const { id } = outcome
      if (outcome.kind === 'unanswered') {
        reasons.set(id, outcome.reason)
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
    if (left <= 0 || resubmits) return
    for await (const { custom_id: id } of this.#input(part)) {
      if (answered.has(id)) continue
      const reason = reasons.get(id) ?? (hasFailed ? 'batch-failed' : cancelled ? 'cancelled' : 'missing')
      yield { id, ok: false, error: new BatchItemError(reason, batchId), batchId, round }
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
    const { end, batchId = '', count } = part
    const isRequested = await this.#requestedIn(part)
    for (let reads = 1; ; reads++) {
      let rows = 0
      for (const fileId of [fileIdOf(end?.outputFileId), fileIdOf(end?.errorFileId)]) {
        // The error file is not needed when all requests are answered.
        if (fileId === null || answered.size === count) continue
        for await (const line of fileLines(this.#settings.client, fileId, this.#retrier)) {
          const outcome = lineOutcome(line, batchId)
          if (!outcome || !isRequested(outcome.id)) continue
          rows++
          if (!answered.has(outcome.id)) yield outcome
        }
      }
      const counted = Math.min(count, end?.answered ?? 0)
      if (answered.size === count || rows >= counted || reads >= MAX_READS) return
      await this.#retrier.wait(this.#settings.pollMs)
    }
  }

  /** Returns a predicate that is true for the ids of the requests in this part. */
  async #requestedIn(part: BatchPart): Promise<(id: string) => boolean> {
    if (part.parent === null) return (id) => this.#source.isIn(Number(part.part), id)
    const ids = new Set<string>()
    for await (const { custom_id: id } of this.#input(part)) ids.add(id)
    return (id) => ids.has(id)
  }

  /** Whether the unanswered requests of a part are submitted again. If an earlier process has already decided this, its decision applies. */
  #resubmitsUnanswered({ part, round }: BatchPart, cancelled: boolean): boolean {
    if (this.#ledger.get(`${part}.again`)) return true
    return !cancelled && round < this.#settings.maxResubmits && !this.#ledger.get(`${part}.failed`)
  }

  /** Whether the failed requests of a part are submitted again, although a finished run has reported their errors. */
  #resubmitsFailures({ part, isReported = false }: BatchPart): boolean {
    return (this.#resubmitFailed && isReported) || this.#ledger.get(`${part}.failed`) !== undefined
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
      for await (const { custom_id: id } of this.#input(part)) {
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
    const lines = async (): Promise<RequestLines> => {
      const kept = new RequestLines()
      let index = 0
      for await (const { custom_id: id, body } of this.#input(part)) {
        if (keeps(id, index++)) kept.add(requestLine({ id, body }, this.#settings))
      }
      return kept
    }
    const round = next === 'failed' ? 0 : part.round + (next === 'again' ? 1 : 0)
    return { next, count, round, lines }
  }

  /**
   * Yields the requests of a part. Reads them from the uploaded file, so that they need not be in memory.
   *
   * @throws IncompleteInputError if the provider does not return all of them
   */
  async *#input(part: BatchPart): AsyncGenerator<InputLine, void, undefined> {
    const { fileId = '', count } = part
    const seen = new Set<string>()
    for (let reads = 1; seen.size < count; reads++) {
      for await (const line of fileLines<Partial<InputLine>>(this.#settings.client, fileId, this.#retrier)) {
        const { custom_id: id, body } = line
        if (typeof id !== 'string' || typeof body !== 'object' || seen.has(id)) continue
        seen.add(id)
        yield { custom_id: id, body }
      }
      if (seen.size >= count) return
      if (reads >= MAX_READS) throw new IncompleteInputError(fileId, seen.size, count)
      await this.#retrier.wait(this.#settings.pollMs)
    }
  }
}
