import type { CostStats } from '../reporting/cost-stats.ts'
import type { TargetStats } from '../reporting/target-stats.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { AlertOptions, AlertStats } from '../reporting/alert.ts'
import { RecentCalls, STEP_MS, STEPS } from './recent-calls.ts'

/** How often rules are looked at. */
const EVERY_MS = 5_000
const WINDOW_MS = STEP_MS * STEPS

interface Watched {
  readonly options: AlertOptions
  wrongSince: number | undefined
  firing: boolean
}

export interface AlertSources {
  readonly telemetry: Telemetry
  readonly now: () => number
  readonly read: () => { readonly cost: CostStats; readonly targets: Readonly<Record<string, TargetStats>> }
}

/**
 * Looks at its rules on a timer of its own, beside all calls: it delays none, and what a rule or a notice throws reaches none.
 * The timer keeps no process alive.
 */
export class Alerts {
  readonly #sources: AlertSources
  readonly #recent = new RecentCalls()
  readonly #watched: readonly Watched[]
  readonly #startedAt: number
  readonly #timer: ReturnType<typeof setInterval>
  readonly #off: () => void
  /** What had been spent, step by step, to tell what was spent within the window. */
  readonly #spent: { readonly at: number; readonly usd: number }[] = []

  constructor(alerts: readonly AlertOptions[], sources: AlertSources) {
    this.#sources = sources
    this.#startedAt = sources.now()
    this.#watched = alerts.map((options) => ({ options, wrongSince: undefined, firing: false }))
    this.#off = sources.telemetry.on('end', ({ receipt }) => {
      if (!receipt.ahead) this.#recent.record(receipt, sources.now())
    })
    const shortest = Math.min(...alerts.map(({ forMs = 0 }) => (forMs > 0 ? forMs / 2 : EVERY_MS)))
    this.#timer = setInterval(() => this.#look(), Math.max(100, Math.min(EVERY_MS, shortest)))
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#off()
  }

  #look(): void {
    const { telemetry } = this.#sources
    const now = this.#sources.now()
    const stats = this.#stats(now)
    for (const watched of this.#watched) {
      telemetry.shield(`The alert ${watched.options.name} threw`, () => this.#judge(watched, stats, now))
    }
  }

  #judge(watched: Watched, stats: AlertStats, now: number): void {
    const { name, when, forMs = 0 } = watched.options
    if (!when(stats)) {
      watched.wrongSince = undefined
      if (!watched.firing) return
      watched.firing = false
      this.#notify(watched, { name, state: 'resolved', since: now, stats })
      return
    }
    watched.wrongSince ??= now
    if (watched.firing || now - watched.wrongSince < forMs) return
    watched.firing = true
    this.#notify(watched, { name, state: 'firing', since: watched.wrongSince, stats })
  }

  #notify({ options }: Watched, notice: Parameters<AlertOptions['notify']>[0]): void {
    const { telemetry } = this.#sources
    telemetry.emit('alert', notice)
    telemetry.shield(`The notice of the alert ${notice.name} threw`, () => options.notify(notice))
  }

  #stats(now: number): AlertStats {
    const { cost, targets } = this.#sources.read()
    return {
      windowMs: Math.min(WINDOW_MS, now - this.#startedAt),
      ...this.#recent.read(now),
      spentUsd: cost.spentUsd - this.#spentBefore(now, cost.spentUsd),
      cost,
      targets,
    }
  }

  /** What had been spent when the window began. */
  #spentBefore(now: number, usd: number): number {
    const spent = this.#spent
    if (now - (spent.at(-1)?.at ?? -Infinity) >= STEP_MS) spent.push({ at: now, usd })
    while ((spent[1]?.at ?? Infinity) <= now - WINDOW_MS) spent.shift()
    const [oldest] = spent
    return oldest && oldest.at <= now - WINDOW_MS ? oldest.usd : 0
  }
}
