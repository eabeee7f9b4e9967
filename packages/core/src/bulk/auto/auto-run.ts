import type { BulkContext, BulkSource, Journal } from '@harbor/batch'
import type { HarborBulkOptions } from '../bulk-options.ts'
import type { BulkAnswer, BulkRequest } from '../bulk-request.ts'
import type { AutoItem } from './auto-item.ts'
import type { ReportCounter } from './auto-report.ts'
import { AutoRoutes, HOUR_MS } from './auto-routes.ts'
import { BulkMoneyError } from './bulk-money-error.ts'
import { makePlan } from './make-plan.ts'
import { readItems, type AutoParts } from './read-items.ts'
import { resumedFrom } from './resumed.ts'
import { NO_LOG, openRouteLog, RouteHistory } from './route-log.ts'
import { RESERVE_PART } from './schedule.ts'

/** The requests that are called directly at first, to measure how fast calls are: one in 200, and at most 16. */
const PROBE_EVERY = 200
const MAX_PROBES = 16
/** The part of the whole time after which they are no longer awaited. */
const MAX_PROBE_PART = 0.05

/** One run by deadline: reads the requests, plans their routes, and answers each of them. */
export class AutoRun {
  /** The number of duplicates that were left out. */
  skipped = 0
  readonly #parts: AutoParts
  readonly #options: HarborBulkOptions
  readonly #journal: Journal | undefined
  readonly #stop = new AbortController()
  readonly #report: ReportCounter
  /** The requests that are called directly before the others are planned. */
  readonly #probes = new Set<AutoItem>()
  readonly #probed = Promise.withResolvers<undefined>()
  #routes: AutoRoutes | undefined
  #unanswered = 0
  #isLinked = false

  constructor(
    parts: AutoParts,
    options: HarborBulkOptions,
    journal: Journal | undefined,
    report: ReportCounter,
  ) {
    this.#parts = parts
    this.#options = options
    this.#journal = journal
    this.#report = report
  }

  /** What the run waits for while `items()` has nothing to yield. */
  get waitsFor(): 'source' | 'batch' | 'slots' {
    if (!this.#routes) return 'source'
    return this.#routes.batches.size > 0 ? 'batch' : 'slots'
  }

  /** Reads the whole source, and yields its requests when their routes are decided. Ends when all batches have ended, or the time is over. */
  async *items(source: BulkSource<BulkRequest>): AsyncGenerator<AutoItem, void, undefined> {
    const { items, skipped } = await readItems(this.#parts, source, this.#options)
    this.skipped = skipped
    const journal = this.#journal
    const open = items.filter(({ id }) => journal?.has(id) !== true)
    this.#unanswered = open.length
    const { log, history } = journal
      ? openRouteLog(`${journal.path}.routes`)
      : { log: NO_LOG, history: new RouteHistory() }
    const { waves, sent, endedWavesUsd, lastWave } = resumedFrom(items, history, journal)
    const routes = (this.#routes = new AutoRoutes({
      ...{ client: this.#parts, options: this.#options, journal, log, history, report: this.#report },
      ...{ open, endedWavesUsd, lastWave, unanswered: () => this.#unanswered, stop: this.#stop.signal },
    }))
    for (const wave of waves) {
      const [first] = wave.items
      if (first) await routes.batchFor(first).takeOver(wave)
    }
    const rest = open.filter((item) => !sent.has(item))
    for (const item of rest.slice(0, probesFor(rest))) this.#probes.add(item)
    const planned = rest.slice(this.#probes.size)
    const ended = yield* yieldAll(items, planned[0], async () => {
      await this.#measure(routes)
      this.#plan(planned, items.length - open.length, routes)
      return Array.from(routes.batches.values(), (route) => route.run())
    })
    const over = new AbortController()
    const { schedule } = routes
    await Promise.race([Promise.all(ended), schedule.pause(schedule.msLeft, over.signal)])
    over.abort()
  }

  /** Answers one request: on its route, and by calls if that has no answer in time. */
  readonly answer = async (item: AutoItem, context: BulkContext): Promise<BulkAnswer> => {
    this.#stopWith(context)
    // They are there before the first item is.
    const routes = this.#routes as AutoRoutes
    try {
      return await this.#answered(item, context, routes)
    } catch (error) {
      if (BulkMoneyError.is(error)) {
        this.#report.left++
        if (error.usd === undefined) this.#report.leftUnpriced++
      }
      throw error
    } finally {
      this.#unanswered--
      if (!context.stopSignal.aborted && routes.schedule.msLeft < 0) this.#report.overdue++
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

  async #answered(item: AutoItem, context: BulkContext, routes: AutoRoutes): Promise<BulkAnswer> {
    const { route } = item
    if (route === 'batch') {
      const outcome = await routes.batchFor(item).outcomeOf(item)
      if (outcome.kind === 'error') throw outcome.error
      if (outcome.kind === 'answer') return this.#noted(outcome.answer, item, context)
      context.stopSignal.throwIfAborted()
      this.#callOver(item)
    } else if (route === '2h' || route === '8h') {
      const answer = await routes.windows.answer(item, route, context)
      if (answer) return this.#noted(answer, item, context)
      this.#callOver(item)
    }
    return this.#noted(await routes.calls.answer(item, context), item, undefined)
  }

  /** A request without an answer is called: at the tier `flex` if there is time. */
  #callOver(item: AutoItem): void {
    item.route = item.prices.usd.has('flex') ? 'flex' : 'direct'
    if (item.route === 'direct') this.#report.calledOver++
  }

  /** @param context set for an answer whose tokens were not reported to the run yet */
  #noted(answer: BulkAnswer, { prices: { target } }: AutoItem, context: BulkContext | undefined): BulkAnswer {
    const { usage, route = 'direct' } = answer
    const directUsd = usage && this.#parts.accounts.costOf(target, { usage })
    this.#report.noteAnswer(route, answer, directUsd)
    if (usage) context?.report({ usage: { input: usage.inputTokens, output: usage.outputTokens } })
    return answer
  }

  /** Waits for the first calls, which show how fast calls are. */
  async #measure({ schedule }: AutoRoutes): Promise<void> {
    if (this.#probes.size === 0) return
    const over = new AbortController()
    await Promise.race([this.#probed.promise, schedule.pause(MAX_PROBE_PART * schedule.totalMs, over.signal)])
    over.abort()
  }

  #plan(items: readonly AutoItem[], answered: number, routes: AutoRoutes): void {
    const { pace, money, schedule } = routes
    const { typicalBatchMs = HOUR_MS } = this.#options
    const { deadlineAt } = schedule
    const reserveMs = RESERVE_PART * schedule.totalMs
    this.#report.plan = makePlan({ items, answered, pace, money, deadlineAt, reserveMs, typicalBatchMs })
    for (const item of items) if (item.route === 'batch') routes.batchFor(item).add(item)
  }

  /** The run may be stopped by itself, as by `stopWhen`. */
  #stopWith({ stopSignal }: BulkContext): void {
    if (this.#isLinked) return
    this.#isLinked = true
    stopSignal.addEventListener('abort', () => void this.release(), { once: true })
  }
}

/** The number of requests that are called directly before the others are planned. 0 if all of them are called directly anyway. */
function probesFor(rest: readonly AutoItem[]): number {
  const canWait = rest.some(({ prices }) => prices.usd.size > 1)
  return canWait ? Math.min(MAX_PROBES, Math.ceil(rest.length / PROBE_EVERY)) : 0
}

/**
 * Yields all requests in their order.
 * @param first the first one that is planned, before which the run begins its routes
 * @returns what `begin` returned
 */
async function* yieldAll<Begun>(
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
