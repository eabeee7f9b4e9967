import type { Journal } from '@harbor/batch'
import type { ProviderBatchResult } from '@harbor/batch/openai'
import { isRecord } from '../../base/json.ts'
import type { Accounts } from '../../cost/accounts.ts'
import type { Reservation } from '../../cost/spend-limit.ts'
import { ANSWER } from '../../protocols/openai/answer.ts'
import type { Labels } from '../../reporting/labels.ts'
import type { BulkAnswer } from '../bulk-request.ts'
import type { AutoItem } from './auto-item.ts'
import type { ReportCounter } from './auto-report.ts'
import { isTransient, OVER, type BatchOutcome, type BatchOutcomes } from './batch-outcomes.ts'

/** Requests that are submitted together: their number, and the money that is reserved for each. */
export interface Wave {
  readonly number: number
  readonly items: ReadonlyMap<string, AutoItem>
  readonly reservations: Map<string, Reservation>
  readonly isLogged: boolean
}

export interface BatchResultsParts {
  readonly accounts: Accounts
  readonly labels: Labels
  readonly journal: Pick<Journal, 'has' | 'get'> | undefined
  readonly report: ReportCounter
  readonly stop: AbortSignal
  readonly outcomes: BatchOutcomes
  /** Submits a request again, if there is time. @returns whether it will be submitted */
  readonly again: (item: AutoItem) => boolean
}

/** Reads the results of waves: the outcome of each request, what it cost, and what becomes of its reservation. */
export class BatchResults {
  readonly #parts: BatchResultsParts
  /** How often a request was not answered by a batch. */
  readonly #rounds = new Map<string, number>()

  constructor(parts: BatchResultsParts) {
    this.#parts = parts
  }

  /** @returns what the result cost, in US dollars */
  async note(result: ProviderBatchResult<unknown>, wave: Wave): Promise<number> {
    const { outcomes, report, stop } = this.#parts
    const { id } = result
    const reserved = wave.reservations.get(id)
    wave.reservations.delete(id)
    if (!result.ok) {
      reserved?.settle(0)
      const { error } = result
      if (!('reason' in error) || (error.reason === 'answered' && !isTransient(error.status)))
        outcomes.settle(id, { kind: 'error', error })
      else this.#again(id, wave)
      return 0
    }
    const item = wave.items.get(id)
    if (!item) return 0
    const before = await this.#usdInJournal(id)
    if (before !== undefined) {
      reserved?.settle(before)
      return before
    }
    const outcome = await this.#answerOf(result.value, item)
    const usd = outcome.answer.usd ?? reserved?.usd ?? 0
    reserved?.settle(usd)
    if (!outcomes.settle(id, outcome) && !stop.aborted) report.noteLate(usd)
    return usd
  }

  /** Releases a request that was not sent to the provider, or has no result. It costs nothing, and has to be called. */
  noteUnsent(id: string, wave: Wave): void {
    const reserved = wave.reservations.get(id)
    if (!reserved) return
    wave.reservations.delete(id)
    reserved.settle(0)
    this.#parts.outcomes.settle(id, OVER)
  }

  /** Returns what an answer cost that an earlier process has read from the batch already; undefined if there is none. */
  async #usdInJournal(id: string): Promise<number | undefined> {
    const { journal } = this.#parts
    const value = journal?.has(id) === true ? (await journal.get(id))?.value : undefined
    // An answer of another route was paid beside that of the batch.
    const { route, usd = 0 } = Object(value) as Partial<BulkAnswer>
    return route === 'batch' ? usd : undefined
  }

  async #answerOf(body: unknown, { prices }: AutoItem): Promise<Extract<BatchOutcome, { kind: 'answer' }>> {
    const { accounts, labels } = this.#parts
    const { target } = prices
    const usage = isRecord(body) ? ANSWER.usageOf(body).usage : undefined
    if (!usage) accounts.bookUnpriced(target.name, labels)
    const usd = usage && (await accounts.bookBatched(target, usage, labels))
    const answer: BulkAnswer = {
      body,
      target: target.name,
      route: 'batch',
      ...(usage && { usage }),
      ...(usd !== undefined && { usd }),
    }
    return { kind: 'answer', answer }
  }

  /** A request that the provider did not answer: it is submitted again if there is time, and called otherwise. */
  #again(id: string, wave: Wave): void {
    const round = (this.#rounds.get(id) ?? 0) + 1
    this.#rounds.set(id, round)
    const item = wave.items.get(id)
    if (!item || round > MAX_ROUNDS || !this.#parts.again(item)) this.#parts.outcomes.settle(id, OVER)
  }
}

/** The maximum number of times that a request which a batch did not answer is submitted again. */
const MAX_ROUNDS = 2
