import type { BulkContext } from '@harbor/batch'
import { APIError, type OpenAI } from 'openai'
import { receiptOf } from '../../reporting/receipt.ts'
import type { BulkAnswer } from '../bulk-request.ts'
import type { DirectCalls } from '../direct-calls.ts'
import type { AutoItem } from './auto-item.ts'
import { BulkMoneyError } from './bulk-money-error.ts'
import type { ReportCounter } from './auto-report.ts'
import type { BulkRoute } from './bulk-plan.ts'
import type { FlexTier } from './flex-tier.ts'
import type { Pace } from './pace.ts'
import { variantOf } from './request-prices.ts'
import type { RouteLog } from './route-log.ts'
import type { RunMoney } from './run-money.ts'
import type { Schedule } from './schedule.ts'
import type { Slots } from './slots.ts'

/** The longest time that one call at the tier `flex` may take, in milliseconds: that for which OpenAI recommends to wait. */
const FLEX_TIMEOUT_MS = 900_000
const MIN_TIMEOUT_MS = 1_000

export interface CallRouteParts {
  readonly calls: DirectCalls
  readonly slots: Slots
  readonly concurrency: number
  readonly schedule: Schedule
  readonly pace: Pace
  readonly flex: FlexTier
  readonly money: RunMoney
  readonly log: RouteLog
  readonly report: ReportCounter
  readonly request: OpenAI.RequestOptions
}

/**
 * Answers requests by calls: at the tier `flex` while there is time and the tier takes them, and at the usual price after that. Each request that is
 * about to be sent is logged with what it may cost, so that a run that is resumed counts it, whatever became of it.
 */
export class CallRoute {
  readonly #parts: CallRouteParts

  constructor(parts: CallRouteParts) {
    this.#parts = parts
  }

  /**
   * @throws the error of the call; BulkMoneyError if too little money is left; the reason of the signal if the run is stopped before
   */
  async answer(item: AutoItem, context: BulkContext): Promise<BulkAnswer> {
    const { slots, flex, schedule, report } = this.#parts
    for (let tries = 0; ; tries++) {
      await slots.take()
      let pauseMs
      try {
        context.stopSignal.throwIfAborted()
        if (!this.#takesFlex(item)) {
          if (item.route === 'flex') {
            item.route = 'direct'
            report.calledOver++
          }
          return await this.#call(item, 'direct', context)
        }
        pauseMs = flex.enter()
        if (pauseMs === 0) {
          const answer = await this.#call(item, 'flex', context)
          flex.noteAnswer()
          return answer
        }
      } catch (error) {
        if (pauseMs === undefined) throw error
        pauseMs = flex.noteFailure(error, item.prices.target.name, tries)
        if (pauseMs === undefined) throw error
      } finally {
        slots.release()
      }
      const endWait = context.waits('retry')
      await schedule.pause(Math.min(pauseMs, Math.max(0, schedule.slackMs)), context.stopSignal)
      endWait()
    }
  }

  /** Creates the response in the background that will answer a request. What it cost is settled when it has ended. */
  async create(item: AutoItem, route: '2h' | '8h', context: BulkContext): Promise<BulkAnswer> {
    const { slots } = this.#parts
    await slots.take()
    try {
      context.stopSignal.throwIfAborted()
      return await this.#call(item, route, context)
    } finally {
      slots.release()
    }
  }

  #takesFlex({ route, prices }: AutoItem): boolean {
    const { flex, schedule } = this.#parts
    return route === 'flex' && !flex.isClosed(prices.target.name) && schedule.slackMs > 0
  }

  async #call(item: AutoItem, route: Exclude<BulkRoute, 'batch'>, context: BulkContext): Promise<BulkAnswer> {
    const { calls, money, log, pace } = this.#parts
    const { id, prices } = item
    const highestUsd = prices.usd.get('direct') ?? 0
    const { runLimit } = money
    const isFlex = route === 'flex'
    let sent = 0
    try {
      const answer = await calls.answer(variantOf(item.request, route), context, {
        request: isFlex ? this.#flexOptions() : this.#parts.request,
        perCall: { ...(runLimit && { runLimit }), ...(isFlex && { fallback: false }) },
        onSent() {
          sent++
          log.append({ type: 'sent', id, route, usd: highestUsd })
        },
        isPatient: !isFlex,
      })
      const receipt = receiptOf(answer.body)
      const durationMs = receipt?.attempts.at(-1)?.durationMs
      if (route === 'direct' && durationMs !== undefined) pace.note(durationMs)
      // The cost of a response in the background is known when it has ended.
      if (route === 'direct' || isFlex)
        this.#settle(item, sent, (answer.usd ?? highestUsd) + (receipt?.possiblyBilledUsd ?? 0))
      this.#parts.report.noteFailed(receipt?.possiblyBilledUsd ?? 0)
      return { ...answer, route: routeOf(receipt?.serviceTier, route) }
    } catch (error) {
      const usd = receiptOf(error)?.possiblyBilledUsd ?? sent * highestUsd
      this.#settle(item, sent, usd)
      this.#parts.report.noteFailed(usd)
      if (error instanceof APIError && error.code === 'spend_limit') {
        const isUnpriced = error.param === 'price'
        throw new BulkMoneyError(isUnpriced ? undefined : highestUsd, { cause: error })
      }
      throw error
    }
  }

  #settle({ id }: AutoItem, sent: number, usd: number): void {
    if (sent > 0) this.#parts.log.append({ type: 'settled', id, usd })
  }

  /** A call at this tier ends early enough for a direct call, and is not retried: the run decides when to try again. */
  #flexOptions(): OpenAI.RequestOptions {
    const { request, schedule, pace, concurrency } = this.#parts
    const timeLeft = schedule.msLeft - pace.callsMs(concurrency)
    return {
      ...request,
      maxRetries: 0,
      timeout: Math.round(Math.max(MIN_TIMEOUT_MS, Math.min(FLEX_TIMEOUT_MS, timeLeft))),
    }
  }
}

/** The route whose price was paid: a provider may answer a request at the usual tier although it asked for another. */
function routeOf(serviceTier: string | undefined, route: BulkRoute): BulkRoute {
  return route === 'flex' && serviceTier !== undefined && !serviceTier.includes('flex') ? 'direct' : route
}
