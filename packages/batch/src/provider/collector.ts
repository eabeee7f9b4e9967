import { fileIdOf } from './batch-end.ts'
import { BatchItemError, type BatchItemReason } from './batch-item-error.ts'
import type { ProviderBatchResult } from './contracts.ts'
import type { Ledger, Part } from './ledger.ts'
import type { ProviderBatchSettings } from './options.ts'
import type { Patience } from './patience.ts'
import { IncompleteInputError } from './incomplete-input-error.ts'
import { fileLines, lineOutcome, type LineOutcome } from './remote-files.ts'
import { requestLine, RequestLines } from './request-lines.ts'
import type { ShardSource } from './shard-source.ts'
import { TOKEN_LIMIT } from './watch.ts'

/** Requests of an ended part that are to go on in a part of their own. */
export interface Remainder {
  /** What the part is called after its parent: again, one of two halves, or what failed in a finished run. */
  next: 'again' | 'first' | 'second' | 'failed'
  count: number
  round: number
  lines: () => Promise<RequestLines>
}

interface InputLine {
  custom_id: string
  body: object
}

/** How often result files are read that hold fewer rows than the provider has counted: they may be written later, counts may be wrong. */
const READS_UNTIL_BELIEVED = 3

/**
 * Reads what has come of an ended part: each of its requests, and no other, has a result or is in a remainder. Compares sets of ids, never
 * counts. Never the whole of a file.
 */
export class Collector {
  readonly #settings: ProviderBatchSettings
  readonly #patience: Patience
  readonly #ledger: Ledger
  readonly #resubmitFailed: boolean
  readonly #source: ShardSource

  constructor(
    settings: ProviderBatchSettings,
    patience: Patience,
    ledger: Ledger,
    { resubmitFailed }: { resubmitFailed: boolean },
    source: ShardSource,
  ) {
    this.#settings = settings
    this.#patience = patience
    this.#ledger = ledger
    this.#resubmitFailed = resubmitFailed
    this.#source = source
  }

  async *collect(part: Part): AsyncGenerator<ProviderBatchResult<unknown> | Remainder, void, undefined> {
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
    const failuresGoOn = this.#failuresGoOn(part)
    for await (const outcome of this.#outcomes(part, answered)) {
      const { id } = outcome
      if (outcome.kind === 'unanswered') {
        reasons.set(id, outcome.reason)
        continue
      }
      answered.add(id)
      if (outcome.kind === 'value') yield { id, ok: true, value: outcome.value, batchId, round }
      else if (failuresGoOn) failed.add(id)
      else yield { id, ok: false, error: outcome.error, batchId, round }
    }
    const left = count - answered.size
    const cancelled = end.status === 'cancelled'
    const goesAgain = left > 0 && this.#goesAgain(part, cancelled || hasFailed)
    if (goesAgain) yield this.#remainder(part, 'again', left, (id) => !answered.has(id))
    if (failuresGoOn) {
      const goesOn = (id: string): boolean => failed.has(id) || (!goesAgain && !answered.has(id))
      const count = failed.size + (goesAgain ? 0 : left)
      if (count > 0) yield this.#remainder(part, 'failed', count, goesOn)
      return
    }
    if (left <= 0 || goesAgain) return
    for await (const { custom_id: id } of this.#input(part)) {
      if (answered.has(id)) continue
      const reason = reasons.get(id) ?? (hasFailed ? 'batch-failed' : cancelled ? 'cancelled' : 'missing')
      yield { id, ok: false, error: new BatchItemError(reason, batchId), batchId, round }
    }
  }

  /**
   * What the result files say of requests of this part that have no answer yet. The caller adds to `answered`: of two lines with one id, the
   * first counts.
   */
  async *#outcomes(part: Part, answered: ReadonlySet<string>): AsyncGenerator<LineOutcome, void, undefined> {
    const { end, batchId = '', count } = part
    const isRequested = await this.#requestedIn(part)
    for (let reads = 1; ; reads++) {
      let rows = 0
      for (const fileId of [fileIdOf(end?.outputFileId), fileIdOf(end?.errorFileId)]) {
        // An error file has nothing to say when all is answered.
        if (fileId === null || answered.size === count) continue
        for await (const line of fileLines(this.#settings.client, fileId, this.#patience)) {
          const outcome = lineOutcome(line, batchId)
          if (!outcome || !isRequested(outcome.id)) continue
          rows++
          if (!answered.has(outcome.id)) yield outcome
        }
      }
      const counted = Math.min(count, end?.answered ?? 0)
      if (answered.size === count || rows >= counted || reads >= READS_UNTIL_BELIEVED) return
      await this.#patience.wait(this.#settings.pollMs)
    }
  }

  /** Whether an id is one of those that were requested in a part. */
  async #requestedIn(part: Part): Promise<(id: string) => boolean> {
    if (part.parent === null) return (id) => this.#source.isIn(Number(part.part), id)
    const ids = new Set<string>()
    for await (const { custom_id: id } of this.#input(part)) ids.add(id)
    return (id) => ids.has(id)
  }

  /** Whether what was not answered is submitted once more. What an earlier process has decided holds. */
  #goesAgain({ part, round }: Part, cancelled: boolean): boolean {
    if (this.#ledger.get(`${part}.again`)) return true
    return !cancelled && round < this.#settings.maxResubmits && !this.#ledger.get(`${part}.failed`)
  }

  /** Whether its failures, told by a run that has finished, are no results any more, but submitted again. */
  #failuresGoOn({ part, isTold = false }: Part): boolean {
    return (this.#resubmitFailed && isTold) || this.#ledger.get(`${part}.failed`) !== undefined
  }

  /** Too many tokens: smaller. Anything else would fail again. */
  async *#failed(
    part: Part,
    code: string | undefined,
  ): AsyncGenerator<ProviderBatchResult<unknown> | Remainder, void, undefined> {
    const { batchId = '', round, count } = part
    if (code === TOKEN_LIMIT && count > 1) {
      const half = Math.ceil(count / 2)
      yield this.#remainder(part, 'first', half, (_, index) => index < half)
      yield this.#remainder(part, 'second', count - half, (_, index) => index >= half)
    } else if (code === TOKEN_LIMIT && this.#goesAgain(part, false)) {
      yield this.#remainder(part, 'again', count, () => true)
    } else if (this.#failuresGoOn(part)) {
      yield this.#remainder(part, 'failed', count, () => true)
    } else {
      for await (const { custom_id: id } of this.#input(part)) {
        const error = new BatchItemError('batch-failed', batchId, { providerCode: code })
        yield { id, ok: false, error, batchId, round }
      }
    }
  }

  #remainder(
    part: Part,
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
   * The requests of a part, from the file that was uploaded: nothing here has to remember them.
   *
   * @throws IncompleteInputError when the provider does not give back all of them
   */
  async *#input(part: Part): AsyncGenerator<InputLine, void, undefined> {
    const { fileId = '', count } = part
    const seen = new Set<string>()
    for (let reads = 1; seen.size < count; reads++) {
      for await (const line of fileLines<Partial<InputLine>>(this.#settings.client, fileId, this.#patience)) {
        const { custom_id: id, body } = line
        if (typeof id !== 'string' || typeof body !== 'object' || seen.has(id)) continue
        seen.add(id)
        yield { custom_id: id, body }
      }
      if (seen.size >= count) return
      if (reads >= READS_UNTIL_BELIEVED) throw new IncompleteInputError(fileId, seen.size, count)
      await this.#patience.wait(this.#settings.pollMs)
    }
  }
}
