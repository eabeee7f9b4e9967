import type { Journal } from '@harbor/batch'
import type { HarborBulkOptions } from '../bulk-options.ts'
import { DirectCalls } from '../direct-calls.ts'
import { groupOf, type AutoItem } from './auto-item.ts'
import type { ReportCounter } from './auto-report.ts'
import { BatchRoute } from './batch-route.ts'
import { CallRoute } from './call-route.ts'
import { FlexTier } from './flex-tier.ts'
import { Pace } from './pace.ts'
import { limitPerMs, type AutoParts } from './read-items.ts'
import type { RouteHistory, RouteLog } from './route-log.ts'
import { RunMoney } from './run-money.ts'
import { Schedule } from './schedule.ts'
import { Slots } from './slots.ts'
import { WindowRoute } from './window-route.ts'

/** The default deadline: the time within which a provider answers a batch. */
export const DAY_MS = 86_400_000
export const HOUR_MS = 3_600_000
export const DEFAULT_CONCURRENCY = 64
/** How long before direct calls must begin a batch is cancelled: OpenAI takes up to ten minutes for that. */
const CANCEL_MS = 600_000
/** The part of the whole time before that, at most. */
const MAX_CANCEL_PART = 0.05

export interface RouteMakerParts {
  readonly client: AutoParts
  readonly options: HarborBulkOptions
  readonly journal: Journal | undefined
  readonly log: RouteLog
  readonly history: RouteHistory
  readonly report: ReportCounter
  /** The requests that are sent in this process. */
  readonly open: readonly AutoItem[]
  /** What batches of earlier processes have cost whose results are all in the journal, in US dollars. */
  readonly endedWavesUsd: number
  /** The number of the last wave of earlier processes. */
  readonly lastWave: number
  readonly unanswered: () => number
  readonly stop: AbortSignal
}

/** The routes of one run, and what they share. */
export class AutoRoutes {
  readonly schedule: Schedule
  readonly pace: Pace
  readonly money: RunMoney
  readonly calls: CallRoute
  readonly windows: WindowRoute
  readonly log: RouteLog
  /** One for each endpoint and model. */
  readonly batches = new Map<string, BatchRoute>()
  readonly #makeBatch: () => BatchRoute

  constructor({ client: parts, options, journal, log, history, report, ...run }: RouteMakerParts) {
    const { concurrency = DEFAULT_CONCURRENCY, deadlineMs = DAY_MS, typicalBatchMs = HOUR_MS } = options
    const startedAt = history.startedAt ?? Date.now()
    const deadlineAt = history.deadlineAt ?? startedAt + deadlineMs
    if (history.startedAt === undefined) log.append({ type: 'run', version: 1, startedAt, deadlineAt })
    const pace = new Pace({ concurrency, limitPerMs: () => limitPerMs(parts, run.open) })
    const schedule = new Schedule({ startedAt, deadlineAt }, pace, run.unanswered, run.stop)
    const money = new RunMoney(parts, options.maxUsd, history.spentUsd + run.endedWavesUsd)
    const { client, accounts, labels } = parts
    const cancelMs = Math.min(CANCEL_MS, MAX_CANCEL_PART * schedule.totalMs)
    const shared = { client, accounts, labels, schedule, money, log, report, cancelMs }
    // No request fails because of an outage while there is time.
    const { patienceMs = deadlineMs, onOutage, request = {} } = options
    const prices = accounts.list
    // An error for lack of money ends only its own request: others may have an answer from a batch, or cost less.
    const calls = new DirectCalls({ client, prices, patienceMs, onOutage, onEnd: () => undefined })
    const flex = new FlexTier(schedule, report)
    this.schedule = schedule
    this.pace = pace
    this.money = money
    this.log = log
    this.calls = new CallRoute({
      ...shared,
      calls,
      concurrency,
      slots: new Slots(concurrency),
      pace,
      flex,
      request,
    })
    this.windows = new WindowRoute({ ...shared, calls: this.calls, earlier: history.windows })
    let { lastWave } = run
    this.#makeBatch = () =>
      new BatchRoute({
        ...shared,
        journal,
        stop: run.stop,
        settings: options.providerBatch,
        minMs: typicalBatchMs / 4,
        nextWave: () => ++lastWave,
      })
  }

  /** Returns the route through the Batch API for a request. */
  batchFor(item: AutoItem): BatchRoute {
    const name = groupOf(item)
    const route = this.batches.get(name) ?? this.#makeBatch()
    this.batches.set(name, route)
    return route
  }
}
