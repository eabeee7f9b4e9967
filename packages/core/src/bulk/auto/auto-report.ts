import type { BulkAnswer } from '../bulk-request.ts'
import type { BulkPlan, BulkRoute } from './bulk-plan.ts'

/** The answers that came on one route. */
export interface RouteAnswers {
  /** The number of answers. */
  readonly answers: number
  /** What they cost, in US dollars, as far as their prices are known. */
  readonly usd: number
}

/** What a run with `via: 'auto'` did, as plain data. Counts this process only: answers of earlier runs are in the journal. */
export interface AutoBulkReport {
  /** What was planned; undefined until the source was read. */
  readonly plan: BulkPlan | undefined
  /** The answers by route. */
  readonly routes: Readonly<Partial<Record<BulkRoute, RouteAnswers>>>
  /** The number of requests that were called directly, because their answer on a slower route did not come in time or was refused. */
  readonly calledOver: number
  /** Answers of a slower route that came after their request was called directly: both were paid. */
  readonly late: {
    /** The number of such answers. */
    readonly answers: number
    /** What they cost, in US dollars. */
    readonly usd: number
    /**
     * The highest possible cost of the answers that a slower route may still give after the end of the run, in US dollars: the provider had not confirmed
     * that it stopped.
     */
    readonly possiblyUsd: number
  }
  /** The number of requests that were not sent because too little money was left, or because their price is unknown while money is limited. */
  readonly left: number
  /** The number of requests among `left` whose price is unknown. */
  readonly leftUnpriced: number
  /** The number of results that came after the deadline. */
  readonly overdue: number
  /** What the run cost, in US dollars: its answers, those that were late, and what failed attempts may have cost at most. */
  readonly spentUsd: number
  /** What the same answers would have cost by direct calls, in US dollars. */
  readonly directUsd: number
  /** Why a route was given up for the rest of the run, by route. */
  readonly closed: Readonly<Partial<Record<BulkRoute, string>>>
}

/** Counts what a run does. */
export class ReportCounter {
  plan: BulkPlan | undefined
  calledOver = 0
  overdue = 0
  left = 0
  leftUnpriced = 0
  readonly #routes: Partial<Record<BulkRoute, { answers: number; usd: number }>> = {}
  readonly #late = { answers: 0, usd: 0, possiblyUsd: 0 }
  readonly #closed: Partial<Record<BulkRoute, string>> = {}
  #failedUsd = 0
  #directUsd = 0

  /** @param directUsd what the answer would have cost by a direct call; undefined if unknown */
  noteAnswer(route: BulkRoute, { usd = 0 }: Pick<BulkAnswer, 'usd'>, directUsd: number | undefined): void {
    const sum = (this.#routes[route] ??= { answers: 0, usd: 0 })
    sum.answers++
    sum.usd += usd
    this.#directUsd += directUsd ?? usd
  }

  /** Notes what attempts that failed may have cost. */
  noteFailed(usd: number): void {
    this.#failedUsd += usd
  }

  noteLate(usd: number): void {
    this.#late.answers++
    this.#late.usd += usd
  }

  notePossiblyLate(usd: number): void {
    this.#late.possiblyUsd += usd
  }

  close(route: BulkRoute, reason: string): void {
    this.#closed[route] ??= reason
  }

  read(): AutoBulkReport {
    const { plan, calledOver, left, leftUnpriced, overdue } = this
    const routes = structuredClone(this.#routes)
    const answersUsd = Object.values(routes).reduce((sum, { usd }) => sum + usd, 0)
    return {
      plan,
      routes,
      calledOver,
      late: { ...this.#late },
      left,
      leftUnpriced,
      overdue,
      spentUsd: answersUsd + this.#late.usd + this.#failedUsd,
      directUsd: this.#directUsd,
      closed: { ...this.#closed },
    }
  }
}
