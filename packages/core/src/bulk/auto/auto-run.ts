import type { BulkContext, BulkSource, Journal } from '@harbor/batch'
import { BatchStateError } from '@harbor/batch/openai'
import type { HarborBulkOptions } from '../bulk-options.ts'
import type { BulkAnswer, BulkRequest } from '../bulk-request.ts'
import { DirectCalls } from '../direct-calls.ts'
import { groupOf, type AutoItem } from './auto-item.ts'
import { ReportCounter, type AutoBulkReport } from './auto-report.ts'
import { BatchRoute } from './batch-route.ts'
import type { BulkPlan } from './bulk-plan.ts'
import { CallRoute } from './call-route.ts'
import { FlexTier } from './flex-tier.ts'
import { makePlan } from './make-plan.ts'
import { Pace } from './pace.ts'
import { limitPerMs, readItems, type AutoParts } from './read-items.ts'
import { NO_LOG, openRouteLog, RouteHistory, type LoggedWave, type RouteLog } from './route-log.ts'
import { BulkMoneyError, RunMoney } from './run-money.ts'
import { RESERVE_PART, Schedule } from './schedule.ts'
import { Slots } from './slots.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const DEFAULT_CONCURRENCY = 64
/** How long before direct calls must begin a batch is cancelled: OpenAI takes up to ten minutes for that. */
const CANCEL_MS = 600_000
/** The requests that are called directly at first, to measure how fast calls are: one in 200, and at most 16. */
const PROBE_EVERY = 200
const MAX_PROBES = 16
/** The parts of the whole time after which a batch is cancelled, and the first calls are no longer awaited, at the latest. */
const MAX_CANCEL_PART = 0.05
const MAX_PROBE_PART = 0.05

/** The routes of a run, once its source was read. */
interface Routes {
  readonly schedule: Schedule
  readonly calls: CallRoute
  readonly batches: Map<string, BatchRoute>
  readonly log: RouteLog
}

/** One run by deadline: reads the requests, plans their routes, and answers each of them. */
export class AutoRun {
  skipped = 0
  readonly #parts: AutoParts
  readonly #options: HarborBulkOptions
  readonly #journal: Journal | undefined
  readonly #stop = new AbortController()
  readonly #report = new ReportCounter()
  /** The requests that are called directly before the others are planned. */
  readonly #probes = new Set<AutoItem>()
  readonly #probed = Promise.withResolvers<undefined>()
  #routes: Routes | undefined
  #unanswered = 0
  #waves = 0
  #isLinked = false

  constructor(parts: AutoParts, options: HarborBulkOptions, journal: Journal | undefined) {
    this.#parts = parts
    this.#options = options
    this.#journal = journal
  }

  report(): AutoBulkReport {
    return this.#report.read()
  }

  /** Reads the whole source, and yields its requests when their routes are decided. Ends when all batches have ended, or the time is over. */
  async *items(source: BulkSource<BulkRequest>): AsyncGenerator<AutoItem, void, undefined> {
    const { items, skipped } = await readItems(this.#parts, source, this.#options)
    this.skipped = skipped
    const open = items.filter(({ id }) => this.#journal?.has(id) !== true)
    this.#unanswered = open.length
    const { log, history } = this.#journal
      ? openRouteLog(`${this.#journal.path}.routes`)
      : { log: NO_LOG, history: new RouteHistory() }
    const resumed = this.#resumedWaves(items, history)
    const submitted = new Set(resumed.flatMap((wave) => wave.items.map(({ id }) => id)))
    const rest = open.filter(({ id }) => !submitted.has(id))
    const { routes, plan } = this.#prepare(rest, items.length - open.length, log, history)
    for (const wave of resumed) for (const item of wave.items) this.#batchRoute(item).expect(item)
    for (const item of rest.slice(0, this.#probesFor(rest))) this.#probes.add(item)
    const others = rest.slice(this.#probes.size)
    const ended = yield* this.#yieldAll(items, others[0], async () => {
      const { schedule } = routes
      if (this.#probes.size > 0)
        await Promise.race([this.#probed.promise, schedule.pause(MAX_PROBE_PART * schedule.totalMs)])
      this.#report.plan = plan(others)
      for (const item of others) if (item.route === 'batch') this.#batchRoute(item).add(item)
      return [...routes.batches].map(([name, route]) =>
        route.run(resumed.filter(({ group }) => group === name)),
      )
    })
    const over = new AbortController()
    const { schedule } = routes
    await Promise.race([Promise.all(ended), schedule.pause(schedule.msLeft, over.signal)])
    over.abort()
  }

  /**
   * Yields all requests in their order.
   * @param first the first one that is planned, before which the run begins its routes
   * @returns what `begin` returned
   */
  async *#yieldAll<Begun>(
    items: readonly AutoItem[],
    first: AutoItem | undefined,
    begin: () => Promise<Begun>,
  ): AsyncGenerator<AutoItem, Begun, undefined> {
    let begun: Begun | undefined
    for (const item of items) {
      if (item === first) begun = await begin()
      yield item
    }
    return begun ?? (await begin())
  }

  /** Answers one request: on its route, and by calls if that has no answer in time. */
  readonly answer = async (item: AutoItem, context: BulkContext): Promise<BulkAnswer> => {
    this.#stopWith(context)
    try {
      return await this.#answered(item, context)
    } catch (error) {
      if (BulkMoneyError.is(error)) this.#report.left++
      throw error
    } finally {
      this.#unanswered--
      if (!context.stopSignal.aborted && (this.#routes?.schedule.msLeft ?? 0) < 0) this.#report.overdue++
      if (this.#probes.delete(item) && this.#probes.size === 0) this.#probed.resolve(undefined)
    }
  }

  /** Ends everything that the run uses. Batches continue at the provider, and a later run with the same journal reads their results. */
  async release(): Promise<void> {
    this.#stop.abort()
    this.#probed.resolve(undefined)
    const { batches, log } = this.#routes ?? {}
    await Promise.all([...(batches?.values() ?? [])].map((route) => route.abort()))
    log?.close()
  }

  async #answered(item: AutoItem, context: BulkContext): Promise<BulkAnswer> {
    const { calls, batches } = this.#routes ?? {}
    if (!calls) throw new Error('A run answers requests only when its source was read.')
    const batch = item.route === 'batch' ? batches?.get(groupOf(item)) : undefined
    if (batch) {
      const outcome = await batch.outcomeOf(item)
      if (outcome.kind === 'error') throw outcome.error
      if (outcome.kind === 'answer') {
        this.#note(outcome.answer, item, context)
        return outcome.answer
      }
      context.stopSignal.throwIfAborted()
      item.route = item.prices.usd.has('flex') ? 'flex' : 'direct'
      if (item.route === 'direct') this.#report.calledOver++
    }
    const answer = await calls.answer(item, context)
    this.#note(answer, item, undefined)
    return answer
  }

  #note(answer: BulkAnswer, { prices: { target } }: AutoItem, context: BulkContext | undefined): void {
    const { usage, route = 'direct' } = answer
    const directUsd = usage && this.#parts.accounts.costOf(target, { usage })
    this.#report.noteAnswer(route, answer, directUsd)
    // A call has reported its tokens already.
    if (usage) context?.report({ usage: { input: usage.inputTokens, output: usage.outputTokens } })
  }

  /** Makes the routes of the run. `plan` decides on which of them each request is tried first. */
  #prepare(
    rest: readonly AutoItem[],
    answered: number,
    log: RouteLog,
    history: RouteHistory,
  ): { readonly routes: Routes; readonly plan: (items: readonly AutoItem[]) => BulkPlan } {
    const parts = this.#parts
    const options = this.#options
    const { concurrency = DEFAULT_CONCURRENCY, deadlineMs = DAY_MS, typicalBatchMs = HOUR_MS } = options
    const startedAt = history.startedAt ?? Date.now()
    const deadlineAt = history.deadlineAt ?? startedAt + deadlineMs
    if (history.startedAt === undefined) log.append({ type: 'run', version: 1, startedAt, deadlineAt })
    const pace = new Pace({ concurrency, limitPerMs: () => limitPerMs(parts, rest) })
    const { signal: stop } = this.#stop
    const schedule = new Schedule({ startedAt, deadlineAt }, pace, () => this.#unanswered, stop)
    const money = new RunMoney(parts, options.maxUsd, history.spentUsd + this.#endedWavesUsd)
    const report = this.#report
    const { patienceMs = 0, onOutage, request = {} } = options
    const calls = new DirectCalls({
      client: parts.client,
      prices: parts.accounts.list,
      patienceMs,
      onOutage,
      // Other requests may still have an answer: from a batch, or with less money.
      onEnd: () => undefined,
    })
    const routes: Routes = {
      schedule,
      log,
      batches: new Map(),
      calls: new CallRoute({
        calls,
        concurrency,
        slots: new Slots(concurrency),
        ...{ schedule, pace, money, log, report, request },
        flex: new FlexTier(schedule, report),
      }),
    }
    this.#routes = routes
    this.#makeBatchRoute = () =>
      new BatchRoute({
        ...{ client: parts.client, accounts: parts.accounts, labels: parts.labels, journal: this.#journal },
        ...{ money, schedule, log, report, stop, settings: options.providerBatch },
        minMs: typicalBatchMs / 4,
        cancelMs: Math.min(CANCEL_MS, MAX_CANCEL_PART * schedule.totalMs),
        nextWave: () => ++this.#waves,
      })
    const reserveMs = RESERVE_PART * schedule.totalMs
    const plan = (items: readonly AutoItem[]): BulkPlan =>
      makePlan({ items, answered, pace, money, deadlineAt, reserveMs, typicalBatchMs })
    return { routes, plan }
  }

  #makeBatchRoute: () => BatchRoute = () => {
    throw new Error('The source was not read.')
  }

  #batchRoute(item: AutoItem): BatchRoute {
    const name = groupOf(item)
    const { batches } = this.#routes ?? {}
    const route = batches?.get(name) ?? this.#makeBatchRoute()
    batches?.set(name, route)
    return route
  }

  #endedWavesUsd = 0

  /** Returns the waves of earlier processes whose results are not all in the journal, with the requests that they were made of. */
  #resumedWaves(
    items: readonly AutoItem[],
    { waves, endedWaves }: RouteHistory,
  ): { readonly number: number; readonly group: string; readonly items: readonly AutoItem[] }[] {
    const byId = new Map(items.map((item) => [item.id, item]))
    const isRead = ({ wave, ids }: LoggedWave): boolean =>
      endedWaves.has(wave) && ids.every((id) => this.#journal?.has(id) === true)
    for (const wave of waves) {
      this.#waves = Math.max(this.#waves, wave.wave)
      if (isRead(wave)) this.#endedWavesUsd += endedWaves.get(wave.wave) ?? 0
    }
    return waves
      .filter((wave) => !isRead(wave))
      .map(({ wave, ids }) => {
        const own = ids.map((id) => {
          const item = byId.get(id)
          if (!item) throw new BatchStateError(`batch ${wave} has a request that the source no longer has`)
          item.route = 'batch'
          return item
        })
        return { number: wave, group: own[0] ? groupOf(own[0]) : '', items: own }
      })
  }

  /** The number of requests that are called directly before the others are planned. 0 if all of them are called directly anyway. */
  #probesFor(rest: readonly AutoItem[]): number {
    const canWait = rest.some(({ prices }) => prices.usd.size > 1)
    return canWait ? Math.min(MAX_PROBES, Math.ceil(rest.length / PROBE_EVERY)) : 0
  }

  /** The run may be stopped by itself, as by `stopWhen`. */
  #stopWith({ stopSignal }: BulkContext): void {
    if (this.#isLinked) return
    this.#isLinked = true
    stopSignal.addEventListener('abort', () => void this.release(), { once: true })
  }
}
