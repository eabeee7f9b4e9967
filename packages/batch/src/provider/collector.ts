import { BatchItemError, type BatchItemReason } from './batch-item-error.ts'
import type { ProviderBatchResult } from './contracts.ts'
import type { Part } from './ledger.ts'
import type { ProviderBatchSettings } from './options.ts'
import type { Patience } from './patience.ts'
import { fileLines, lineOutcome } from './remote-files.ts'
import { requestLine, RequestLines } from './request-lines.ts'
import { TOKEN_LIMIT } from './watch.ts'

/** Requests of an ended part that are to go on in a part of their own. */
export interface Remainder {
  /** What the part is called after its parent: again, or one of two halves. */
  next: 'again' | 'first' | 'second'
  count: number
  /** It counts as submitted once more. */
  again: boolean
  lines: () => Promise<RequestLines>
}

interface InputLine {
  custom_id: string
  body: object
}

/** Reads what has come of an ended part: each of its requests has a result, or is in a remainder. Never the whole of a file. */
export class Collector {
  readonly #settings: ProviderBatchSettings
  readonly #patience: Patience

  constructor(settings: ProviderBatchSettings, patience: Patience) {
    this.#settings = settings
    this.#patience = patience
  }

  async *collect(part: Part): AsyncGenerator<ProviderBatchResult<unknown> | Remainder, void, undefined> {
    const { end, batchId = '', round, count } = part
    if (!end) return
    if (end.status === 'failed') {
      yield* this.#failed(part, end.code ?? undefined)
      return
    }
    const answered = new Set<string>()
    const reasons = new Map<string, BatchItemReason>()
    for (const fileId of [end.outputFileId, end.errorFileId]) {
      if (fileId === null) continue
      for await (const line of fileLines<object>(this.#settings.client, fileId, this.#patience)) {
        const outcome = lineOutcome(line, batchId)
        // Of two lines with one id, the first counts.
        if (!outcome || answered.has(outcome.id)) continue
        const { id } = outcome
        if (outcome.kind === 'unanswered') reasons.set(id, outcome.reason)
        else answered.add(id)
        if (outcome.kind === 'value') yield { id, ok: true, value: outcome.value, batchId, round }
        else if (outcome.kind === 'error') yield { id, ok: false, error: outcome.error, batchId, round }
      }
    }
    const left = count - answered.size
    if (left <= 0) return
    const cancelled = end.status === 'cancelled'
    if (!cancelled && round < this.#settings.maxResubmits) {
      yield this.#remainder(part, 'again', left, (id) => !answered.has(id))
      return
    }
    for await (const { custom_id: id } of this.#input(part)) {
      if (answered.has(id)) continue
      const reason = reasons.get(id) ?? (cancelled ? 'cancelled' : 'missing')
      yield { id, ok: false, error: new BatchItemError(reason, batchId), batchId, round }
    }
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
    } else if (code === TOKEN_LIMIT && round < this.#settings.maxResubmits) {
      yield this.#remainder(part, 'again', count, () => true)
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
    return { next, count, again: next === 'again', lines }
  }

  /** The requests of a part, from the file that was uploaded: nothing here has to remember them. */
  async *#input({ fileId = '' }: Part): AsyncGenerator<InputLine, void, undefined> {
    const seen = new Set<string>()
    for await (const line of fileLines<InputLine>(this.#settings.client, fileId, this.#patience)) {
      if (seen.has(line.custom_id)) continue
      seen.add(line.custom_id)
      yield line
    }
  }
}
