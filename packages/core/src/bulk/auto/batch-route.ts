import type { Journal } from '@harbor/batch'
import { createProviderBatch, type ProviderBatchResult, type ProviderBatchRun } from '@harbor/batch/openai'
import type { OpenAI } from 'openai'
import type { Accounts } from '../../cost/accounts.ts'
import type { Reservation } from '../../cost/spend-limit.ts'
import { isRecord } from '../../base/json.ts'
import { ANSWER } from '../../protocols/openai/answer.ts'
import type { Labels } from '../../reporting/labels.ts'
import type { BulkAnswer } from '../bulk-request.ts'
import type { HarborBulkOptions } from '../bulk-options.ts'
import type { AutoItem } from './auto-item.ts'
import type { ReportCounter } from './auto-report.ts'
import { BatchOutcomes, isRefusal, isTransient, OVER, reasonOf, type BatchOutcome } from './batch-outcomes.ts'
import type { RouteLog } from './route-log.ts'
import type { RunMoney } from './run-money.ts'
import type { Schedule } from './schedule.ts'

const UNPAID: Reservation = { usd: 0, settle: () => undefined }

export interface BatchRouteParts {
  readonly client: OpenAI
  readonly accounts: Accounts
  readonly labels: Labels
  readonly money: RunMoney
  readonly schedule: Schedule
  readonly log: RouteLog
  readonly report: ReportCounter
  readonly settings: HarborBulkOptions['providerBatch']
  /** Another batch is submitted only if this much time is left until calls must begin, in milliseconds. */
  readonly minMs: number
  /** How long before calls must begin a batch is cancelled, in milliseconds: what it has answered is read before. */
  readonly cancelMs: number
  readonly stop: AbortSignal
  readonly journal: Pick<Journal, 'path' | 'has' | 'get'> | undefined
  readonly nextWave: () => number
}

/** A wave that an earlier process has submitted, or was about to. */
export interface ResumedWave {
  readonly number: number
  readonly items: readonly AutoItem[]
}

/** Requests that are submitted together: their number, and the money that is reserved for each. */
interface Wave {
  readonly number: number
  readonly items: ReadonlyMap<string, AutoItem>
  readonly reservations: Map<string, Reservation>
  readonly isLogged: boolean
}

/**
 * Sends the requests of one endpoint and model through the Batch API, in waves: as many at once as there is money for, and the rest when an earlier
 * wave has cost less than was reserved for it. When direct calls must begin, the batches are cancelled, and what they have not answered is released
 * to be called. What they answer after that is paid twice, and is reported.
 *
 *     queued ──money──► submitted ──► answered
 *       │                   ├──expired, missing──► queued again, at most twice
 *       └──no money, no time┴──cancelled─────────► over: called directly
 */
export class BatchRoute {
  readonly #parts: BatchRouteParts
  readonly #outcomes = new BatchOutcomes()
  readonly #rounds = new Map<string, number>()
  readonly #runs = new Map<ProviderBatchRun<unknown>, Wave>()
  readonly #resumed: Wave[] = []
  #queue: AutoItem[] = []
  /** Whether requests are called although a batch may still answer them. */
  #isCalledOver = false

  constructor(parts: BatchRouteParts) {
    this.#parts = parts
  }

  /** Adds a request that is to be submitted, before `run()`. */
  add(item: AutoItem): void {
    this.#outcomes.expect(item.id)
    this.#queue.push(item)
  }

  /**
   * Takes over the requests that an earlier process has submitted, or was about to. They are submitted already, so their money is reserved before
   * anything else is sent.
   */
  async takeOver({ number, items }: ResumedWave): Promise<void> {
    const reservations = new Map<string, Reservation>()
    for (const item of items) {
      this.#outcomes.expect(item.id)
      const reserved = await this.#parts.money.reserve(item.prices.usd.get('batch'))
      reservations.set(item.id, reserved ?? UNPAID)
    }
    this.#resumed.push({ number, items: byId(items), reservations, isLogged: true })
  }

  /** Waits until a request of this route is answered, has failed, or has to be called. */
  outcomeOf({ id }: AutoItem): Promise<BatchOutcome> {
    return this.#outcomes.of(id)
  }

  /**
   * Submits the requests, and reads the results. Resolves when all batches have ended, also those that were cancelled, or the run has stopped.
   */
  async run(): Promise<void> {
    try {
      const earlier = this.#resumed.map((wave) => this.#read(wave))
      await Promise.all([...earlier, this.#submitAll()])
    } catch (error) {
      if (!this.#parts.stop.aborted) this.#parts.report.close('batch', reasonOf(error))
    } finally {
      this.#outcomes.release()
    }
  }

  /** Stops reading results. The batches continue at the provider, and a later run with the same journal reads their results. */
  async abort(): Promise<void> {
    if (this.#isCalledOver) this.#noteUnknown()
    this.#outcomes.release()
    await Promise.all(Array.from(this.#runs.keys(), (run) => run.abort()))
  }

  /** Notes what the provider may still answer, and bill, although the requests were called. */
  #noteUnknown(): void {
    for (const { items, reservations } of this.#runs.values())
      for (const id of reservations.keys())
        this.#parts.report.notePossiblyLate(items.get(id)?.prices.usd.get('batch') ?? 0)
  }

  async #submitAll(): Promise<void> {
    const { schedule, minMs, cancelMs, stop, nextWave } = this.#parts
    while (this.#queue.length > 0 && !stop.aborted && schedule.slackMs - cancelMs >= minMs) {
      const reservations = new Map<string, Reservation>()
      const [items, rest] = await this.#affordable(reservations)
      if (items.length === 0) return
      this.#queue = rest
      await this.#read({ number: nextWave(), items: byId(items), reservations, isLogged: false })
    }
  }

  /** Reserves money for as many requests of the queue as possible. @returns those with money, and the others */
  async #affordable(reservations: Map<string, Reservation>): Promise<[AutoItem[], AutoItem[]]> {
    const items: AutoItem[] = []
    const rest: AutoItem[] = []
    for (const item of this.#queue) {
      const reserved = await this.#parts.money.reserve(item.prices.usd.get('batch'))
      if (reserved) {
        items.push(item)
        reservations.set(item.id, reserved)
      } else rest.push(item)
    }
    return [items, rest]
  }

  /** Submits a wave, or continues it, and reads its results. */
  async #read(wave: Wave): Promise<void> {
    const { client, settings, log, journal } = this.#parts
    const [first] = wave.items.values()
    if (!first) return
    const { endpoint, target } = first.prices
    if (!wave.isLogged)
      log.append({
        type: 'wave',
        wave: wave.number,
        endpoint,
        model: target.model ?? '',
        ids: [...wave.items.keys()],
      })
    const state = journal && `${journal.path}.batch-${wave.number}`
    // Requests that a batch loses are submitted again by this class, as far as there is money and time.
    const batch = createProviderBatch({ ...usable(settings), client, endpoint, state, maxResubmits: 0 })
    const requests = Array.from(wave.items.values(), ({ id, request: { body } }) => ({ id, body }))
    const run = batch.run(requests)
    this.#runs.set(run, wave)
    const over = new AbortController()
    void this.#cancelInTime(run, over.signal)
    let usd = 0
    try {
      for await (const result of run) usd += await this.#note(result, wave)
      for (const id of wave.items.keys()) this.#noteUnsent(id, wave)
      log.append({ type: 'wave-ended', wave: wave.number, usd })
    } catch (error) {
      if (this.#parts.stop.aborted) return
      // Nothing was created, so nothing can be billed.
      if (run.progress().submitted === 0 && isRefusal(error))
        for (const id of wave.items.keys()) this.#noteUnsent(id, wave)
      throw error
    } finally {
      over.abort()
      this.#runs.delete(run)
    }
  }

  /** Cancels a run when the time for direct calls comes near, and releases its requests when it has come. */
  async #cancelInTime(run: ProviderBatchRun<unknown>, over: AbortSignal): Promise<void> {
    const { schedule, cancelMs, stop } = this.#parts
    const isOver = (): boolean => over.aborted || stop.aborted
    await schedule.untilCalls(cancelMs, over)
    if (isOver()) return
    void run.cancel()
    await schedule.untilCalls(0, over)
    if (isOver()) return
    this.#isCalledOver = true
    this.#outcomes.release()
  }

  /** @returns what the result cost, in US dollars */
  async #note(result: ProviderBatchResult<unknown>, wave: Wave): Promise<number> {
    const { id } = result
    const reserved = wave.reservations.get(id)
    wave.reservations.delete(id)
    if (!result.ok) {
      reserved?.settle(0)
      const { error } = result
      if (!('reason' in error) || (error.reason === 'answered' && !isTransient(error.status)))
        this.#outcomes.settle(id, { kind: 'error', error })
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
    if (!this.#outcomes.settle(id, outcome) && !this.#parts.stop.aborted) this.#parts.report.noteLate(usd)
    return usd
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
    if (
      item &&
      round <= MAX_ROUNDS &&
      !this.#outcomes.isReleased &&
      this.#parts.schedule.slackMs > this.#parts.minMs
    )
      this.#queue.push(item)
    else this.#outcomes.settle(id, OVER)
  }

  #noteUnsent(id: string, wave: Wave): void {
    const reserved = wave.reservations.get(id)
    if (!reserved) return
    wave.reservations.delete(id)
    reserved.settle(0)
    this.#outcomes.settle(id, OVER)
  }
}

function byId(items: readonly AutoItem[]): Map<string, AutoItem> {
  return new Map(items.map((item) => [item.id, item]))
}

/** The maximum number of times that a request which a batch did not answer is submitted again. */
const MAX_ROUNDS = 2

/** Returns the settings that a run by deadline does not choose itself. */
function usable(settings: BatchRouteParts['settings'] = {}): Omit<typeof settings, 'endpoint'> {
  const { endpoint: _endpoint, ...rest } = settings
  return rest
}

/** @throws TypeError or RangeError for settings that no batch could be submitted with */
export function checkBatchSettings(client: OpenAI, settings: BatchRouteParts['settings']): void {
  createProviderBatch({ ...usable(settings), client, endpoint: '/v1/chat/completions' })
}
