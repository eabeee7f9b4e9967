import type { Journal } from '@harbor/batch'
import { createProviderBatch, type ProviderBatchRun } from '@harbor/batch/openai'
import type { OpenAI } from 'openai'
import type { Accounts } from '../../cost/accounts.ts'
import type { Reservation } from '../../cost/spend-limit.ts'
import type { Labels } from '../../reporting/labels.ts'
import type { HarborBulkOptions } from '../bulk-options.ts'
import type { AutoItem } from './auto-item.ts'
import type { ReportCounter } from './auto-report.ts'
import { BatchOutcomes, isRefusal, reasonOf, type BatchOutcome } from './batch-outcomes.ts'
import { BatchResults, type Wave } from './batch-results.ts'
import { usableBatchSettings } from './batch-settings.ts'
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
  readonly #results: BatchResults
  readonly #runs = new Map<ProviderBatchRun<unknown>, Wave>()
  readonly #resumed: Wave[] = []
  #queue: AutoItem[] = []
  /** Whether requests are called although a batch may still answer them. */
  #isCalledOver = false

  constructor(parts: BatchRouteParts) {
    const { accounts, labels, journal, report, stop } = parts
    const outcomes = this.#outcomes
    const again = (item: AutoItem): boolean => this.#submitAgain(item)
    this.#parts = parts
    this.#results = new BatchResults({ accounts, labels, journal, report, stop, outcomes, again })
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

  /** @returns whether there is time for another batch */
  #submitAgain(item: AutoItem): boolean {
    const { schedule, minMs } = this.#parts
    if (this.#outcomes.isReleased || schedule.slackMs <= minMs) return false
    this.#queue.push(item)
    return true
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
    const batch = createProviderBatch({
      ...usableBatchSettings(settings),
      client,
      endpoint,
      state,
      maxResubmits: 0,
    })
    const requests = Array.from(wave.items.values(), ({ id, request: { body } }) => ({ id, body }))
    const run = batch.run(requests)
    this.#runs.set(run, wave)
    const over = new AbortController()
    void this.#cancelInTime(run, over.signal)
    let usd = 0
    try {
      for await (const result of run) usd += await this.#results.note(result, wave)
      for (const id of wave.items.keys()) this.#results.noteUnsent(id, wave)
      log.append({ type: 'wave-ended', wave: wave.number, usd })
    } catch (error) {
      if (this.#parts.stop.aborted) return
      // Nothing was created, so nothing can be billed.
      if (run.progress().submitted === 0 && isRefusal(error))
        for (const id of wave.items.keys()) this.#results.noteUnsent(id, wave)
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
}

function byId(items: readonly AutoItem[]): Map<string, AutoItem> {
  return new Map(items.map((item) => [item.id, item]))
}
