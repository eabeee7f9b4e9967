import type { AlertNotice, AlertOptions, AlertStats } from '../reporting/alert.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { CallHistory } from './call-history.ts'
import { OpenCircuits } from './circuit-rules.ts'
import { Incidents, MAX_INCIDENTS } from './incidents.ts'
import { noticeText } from './words.ts'
import type { Receipt } from '../reporting/receipt.ts'
import { RecentCalls, STEP_MS, STEPS } from './recent-calls.ts'

/**
 * The maximum interval between two evaluations of the alerts, in milliseconds. If an alert has a short `forMs`, the interval is half of it.
 */
const EVERY_MS = 5_000
const WINDOW_MS = STEP_MS * STEPS

interface AlertState {
  readonly options: AlertOptions
  readonly incidents: Incidents
}

export interface AlertSources {
  readonly telemetry: Telemetry
  readonly now: () => number
  readonly read: () => Pick<AlertStats, 'cost' | 'budgets' | 'budgetsUsed' | 'targets'>
}

/**
 * Evaluates alerts on a timer, so that they do not delay calls. An error thrown by a condition or a `notify` becomes a process warning. The
 * timer does not keep the process alive.
 */
export class Alerts {
  readonly #sources: AlertSources
  readonly #recent = new RecentCalls()
  readonly #history: CallHistory
  readonly #circuits = new OpenCircuits()
  readonly #states: readonly AlertState[]
  readonly #startedAt: number
  readonly #timer: ReturnType<typeof setInterval>
  readonly #off: readonly (() => void)[]
  /**
   * The total spending in US dollars, recorded once per step of the window. The spending within the window is the current total minus the
   * recorded one.
   */
  readonly #spent: { readonly at: number; readonly usd: number }[] = []

  constructor(alerts: readonly AlertOptions[], sources: AlertSources) {
    this.#sources = sources
    this.#startedAt = sources.now()
    this.#states = alerts.map((options) => ({ options, incidents: new Incidents() }))
    const windowMs = Math.max(WINDOW_MS, ...alerts.map(({ when }) => when.windowMs ?? 0))
    this.#history = new CallHistory(windowMs, this.#startedAt)
    const { telemetry, now } = sources
    this.#off = [
      telemetry.on('end', ({ receipt }) => {
        if (!receipt.isPrefetch) this.#record(receipt, now())
      }),
      telemetry.on('breaker', (change) => this.#circuits.note(change, now())),
    ]
    const shortest = Math.min(...alerts.map(({ forMs = 0 }) => (forMs > 0 ? forMs / 2 : EVERY_MS)))
    this.#timer = setInterval(() => this.#evaluate(), Math.max(100, Math.min(EVERY_MS, shortest)))
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
    for (const off of this.#off) off()
  }

  #record(receipt: Receipt, now: number): void {
    this.#recent.record(receipt, now)
    const { outcome } = receipt
    if (outcome === 'success' || outcome === 'failure') this.#history.record(outcome === 'failure', now)
  }

  #evaluate(): void {
    const { telemetry } = this.#sources
    const now = this.#sources.now()
    const stats = this.#stats(now)
    for (const alert of this.#states) {
      try {
        this.#judge(alert, stats, now)
      } catch (error) {
        telemetry.advise(`The rule of the alert ${alert.options.name} threw: ${messageOf(error)}`)
      }
    }
  }

  #judge({ options, incidents }: AlertState, stats: AlertStats, now: number): void {
    const { name, when, forMs = 0 } = options
    const holding = new Set(when.subjects ? when.subjects(stats) : when(stats) ? [undefined] : [])
    const { resolved, fired, isFull } = incidents.update(holding, forMs, now)
    for (const subject of resolved) this.#notify(options, subject, { state: 'resolved', since: now, stats })
    for (const { subject, since } of fired) this.#notify(options, subject, { state: 'firing', since, stats })
    if (isFull)
      this.#sources.telemetry.advise(
        `The alert ${name} has ${MAX_INCIDENTS} open incidents. Others are notified of when some of these are resolved.`,
      )
  }

  #notify(
    options: AlertOptions,
    subject: string | undefined,
    facts: Pick<AlertNotice, 'state' | 'since' | 'stats'>,
  ): void {
    const { telemetry } = this.#sources
    const { name } = options
    const text = noticeText({ name, ...facts }, describe(options, facts.stats, subject), facts.stats)
    const notice = { name, ...(subject !== undefined && { subject }), ...facts, text }
    telemetry.emit('alert', notice)
    const warn = (error: unknown): void =>
      telemetry.advise(`A notice of the alert ${notice.name} was lost: ${messageOf(error)}`)
    const notify = async (): Promise<unknown> => await options.notify(notice)
    notify().catch(warn)
  }

  #stats(now: number): AlertStats {
    const { cost, budgets, budgetsUsed, targets } = this.#sources.read()
    return {
      windowMs: Math.min(WINDOW_MS, now - this.#startedAt),
      ...this.#recent.read(now),
      spentUsd: cost.spentUsd - this.#spentBefore(now, cost.spentUsd),
      cost,
      budgets,
      budgetsUsed,
      targets,
      openForMs: this.#circuits.read(targets, now),
      callsWithin: (ms) => this.#history.read(ms, now),
    }
  }

  /**
   * Returns the money that was spent before the window began, in US dollars.
   * @param usd all money spent until now
   */
  #spentBefore(now: number, usd: number): number {
    const spent = this.#spent
    if (now - (spent.at(-1)?.at ?? -Infinity) >= STEP_MS) spent.push({ at: now, usd })
    while ((spent[1]?.at ?? Infinity) <= now - WINDOW_MS) spent.shift()
    const [oldest] = spent
    return oldest && oldest.at <= now - WINDOW_MS ? oldest.usd : 0
  }
}

/** What the rule of an alert measured, in words. A rule that throws here says nothing: the notice is more important than its words. */
function describe(
  { when }: AlertOptions,
  stats: AlertStats,
  subject: string | undefined,
): string | undefined {
  try {
    return when.describe?.(stats, subject)
  } catch {
    return undefined
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
