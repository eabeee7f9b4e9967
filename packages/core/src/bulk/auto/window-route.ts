import type { BulkContext } from '@harbor/batch'
import { APIError, type OpenAI } from 'openai'
import type { Accounts } from '../../cost/accounts.ts'
import { isRecord, type JsonBody } from '../../base/json.ts'
import { ANSWER } from '../../protocols/openai/answer.ts'
import { isAnswered } from '../../protocols/openai/slower-variants.ts'
import type { Labels } from '../../reporting/labels.ts'
import type { BulkAnswer } from '../bulk-request.ts'
import type { AutoItem } from './auto-item.ts'
import type { ReportCounter } from './auto-report.ts'
import type { BulkRoute } from './bulk-plan.ts'
import type { CallRoute } from './call-route.ts'
import type { LoggedWindow, RouteLog } from './route-log.ts'
import type { Schedule } from './schedule.ts'

export interface WindowRouteParts {
  readonly client: OpenAI
  readonly accounts: Accounts
  readonly labels: Labels
  readonly calls: CallRoute
  readonly schedule: Schedule
  readonly log: RouteLog
  readonly report: ReportCounter
  /** How long before direct calls must begin a response is cancelled, in milliseconds. */
  readonly cancelMs: number
  /** The responses of earlier processes that were not settled, by the id of their request. */
  readonly earlier: ReadonlyMap<string, LoggedWindow>
}

const HOUR_MS = 3_600_000
/** How often a response is polled: this part of its window, with jitter. */
const POLL_PART = 1 / 48
/** The number of 404s in a row after which a response counts as gone. */
const MAX_NOT_FOUND = 3

/** A response in the background. */
interface Created {
  readonly responseId: string
  /** What was recorded as its cost when it was created, in US dollars; undefined for a response of an earlier process. */
  readonly bookedUsd: number | undefined
  readonly usd: number
}

/**
 * Answers requests by responses in the background that are ready within hours, at a discount: `background_options.completion_window` of OpenAI's
 * Responses API. The id of each response is logged, so that a run that is resumed polls it. A response that is not ready when direct calls must begin
 * is cancelled, and its request is called.
 *
 *     created ──► polled ──► completed, incomplete: the answer
 *        │           ├─────► failed, gone: called directly
 *        │           └─time► cancelled: called directly; or completed after all
 *        └──refused: called directly
 */
export class WindowRoute {
  readonly #parts: WindowRouteParts
  readonly #closed = new Set<string>()

  constructor(parts: WindowRouteParts) {
    this.#parts = parts
  }

  /**
   * @returns undefined if the request has to be called
   * @throws BulkMoneyError if too little money is left; the reason of the signal if the run is stopped
   */
  async answer(item: AutoItem, route: '2h' | '8h', context: BulkContext): Promise<BulkAnswer | undefined> {
    const created = this.#resumed(item) ?? (await this.#create(item, route, context))
    if (!created) return undefined
    const body = await this.#finished(created, route, context)
    const answer = body && this.#answerOf(body, item, route, created)
    // A response that was cancelled, or is gone, may have been billed for what it had written.
    const usd = answer?.usd ?? created.usd
    this.#parts.log.append({ type: 'settled', id: item.id, usd })
    if (!answer) this.#parts.report.noteFailed(usd)
    return answer
  }

  #resumed({ id }: AutoItem): Created | undefined {
    const earlier = this.#parts.earlier.get(id)
    return earlier && { responseId: earlier.responseId, bookedUsd: undefined, usd: earlier.usd }
  }

  async #create(item: AutoItem, route: '2h' | '8h', context: BulkContext): Promise<Created | undefined> {
    const { calls, log, report } = this.#parts
    const { id, prices } = item
    const { name } = prices.target
    if (this.#closed.has(name)) return undefined
    try {
      const { body, usd: bookedUsd } = await calls.create(item, route, context)
      const responseId = isRecord(body) ? ANSWER.idOf(body) : undefined
      if (responseId === undefined) return undefined
      const usd = Math.max(prices.usd.get(route) ?? 0, bookedUsd ?? 0)
      log.append({ type: 'window', id, route, responseId, usd })
      return { responseId, bookedUsd, usd }
    } catch (error) {
      context.stopSignal.throwIfAborted()
      if (!(error instanceof APIError)) throw error
      const { status } = error as { status?: number }
      // The same request may be possible as a direct call, or shows its own error there.
      if (status !== undefined && status >= 400 && status < 500 && status !== 429) {
        this.#closed.add(name)
        report.close(route, `${name} refused it with ${status}`)
      }
      return undefined
    }
  }

  /** Polls a response until it has ended. Cancels it when direct calls must begin. @returns undefined if it has no answer */
  async #finished(created: Created, route: '2h' | '8h', context: BulkContext): Promise<JsonBody | undefined> {
    const { client, schedule, cancelMs, report } = this.#parts
    const everyMs = windowMs(route) * POLL_PART
    for (let notFound = 0; notFound < MAX_NOT_FOUND;) {
      const untilCancelMs = schedule.slackMs - cancelMs
      await schedule.pause(
        Math.max(0, Math.min(everyMs * (0.75 + Math.random() / 2), untilCancelMs)),
        context.stopSignal,
      )
      context.stopSignal.throwIfAborted()
      const isLast = schedule.slackMs <= cancelMs
      try {
        const response = await (isLast
          ? client.responses.cancel(created.responseId)
          : client.responses.retrieve(created.responseId))
        const body = response as unknown as JsonBody
        if (!ANSWER.isUnfinished(body) || isLast) return isAnswered(body) ? body : undefined
        notFound = 0
      } catch (error) {
        if ((error as { status?: unknown }).status === 404) notFound++
        if (!isLast) continue
        // It has ended already, or the cancellation is not confirmed.
        const body = await this.#look(created.responseId)
        if (body && isAnswered(body)) return body
        if (!body || ANSWER.isUnfinished(body)) report.notePossiblyLate(created.usd)
        return undefined
      }
    }
    return undefined
  }

  async #look(id: string): Promise<JsonBody | undefined> {
    const response = await this.#parts.client.responses.retrieve(id).catch(() => undefined)
    return response as unknown as JsonBody | undefined
  }

  #answerOf(
    body: JsonBody,
    { prices: { target } }: AutoItem,
    route: BulkRoute,
    created: Created,
  ): BulkAnswer {
    const { accounts, labels } = this.#parts
    const { usage, serviceTier } = ANSWER.usageOf(body)
    const used = usage && { usage, serviceTier }
    // What an earlier process recorded was lost with it.
    const usd = used && accounts.bookFinished(target, used, created.bookedUsd ?? 0, labels)
    return { body, target: target.name, route, ...(usage && { usage }), ...(usd !== undefined && { usd }) }
  }
}

function windowMs(route: '2h' | '8h'): number {
  return route === '2h' ? 2 * HOUR_MS : 8 * HOUR_MS
}
