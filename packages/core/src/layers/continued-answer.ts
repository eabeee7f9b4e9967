import { AttemptError } from '../attempt/attempt-error.ts'
import { FollowingController } from '../call/following-controller.ts'
import { Leg } from '../call/leg.ts'
import {
  isOver,
  type Answer,
  type LegExchange,
  type LegHandler,
  type StreamBody,
  type StreamEnd,
} from '../call/exchange.ts'
import { RequestFacts } from '../call/request-facts.ts'
import { streamClocks } from '../call/stream-clocks.ts'
import type { JsonBody } from '../base/json.ts'
import type { BrokenText, Continuation, ContinuationFormat } from '../protocols/shared/continuation-format.ts'
import { sumOfUsages } from '../reporting/sum-of-usages.ts'
import { ContinuedStream, type ParsedBody, type ReadBody } from '../stream/continued-stream.ts'
import { anchorOf } from '../stream/splice.ts'

type Form = Exclude<Continuation, 'none'>

/** The answer to one call whose stream is continued by further requests, if it breaks. */
export class ContinuedAnswer {
  readonly #exchange: LegExchange
  readonly #next: LegHandler
  readonly #format: ContinuationFormat
  readonly #json: JsonBody
  readonly #form: Form
  /** The requests of the bodies. */
  readonly #requests = new Map<StreamBody, JsonBody>()

  constructor(
    exchange: LegExchange,
    next: LegHandler,
    format: ContinuationFormat,
    json: JsonBody,
    form: Form,
  ) {
    this.#exchange = exchange
    this.#next = next
    this.#format = format
    this.#json = json
    this.#form = form
  }

  async answer(maxBridgeTokens: number): Promise<Answer> {
    const answer = await this.#next(this.#exchange)
    const { body } = answer
    if (!isParsed(body)) return answer
    this.#requests.set(body, this.#json)
    const stream = new ContinuedStream({
      body,
      format: this.#format,
      maxBridgeTokens,
      request: (sent, signal) => this.#request(sent, signal),
      settle: (read, last) => this.#settle(read, last),
    })
    return {
      ...answer,
      body: {
        kind: 'stream',
        chunks: stream,
        pieces: stream,
        ended: stream.ended,
        abandon: (reason) => stream.abandon(reason),
      },
    }
  }

  async #request(sent: string, signal: AbortSignal): Promise<ParsedBody | undefined> {
    const anchor = anchorOf(sent)
    if (anchor === undefined) return undefined
    const broken = { sent, anchor }
    const answer = await this.#ask(broken, this.#form, signal)
    // Some models refuse a conversation that ends with an assistant message.
    const isRefused = answer === 'bad-request' && this.#form !== 'user-turn'
    const body = isRefused ? await this.#ask(broken, 'user-turn', signal) : answer
    return typeof body === 'object' ? body : undefined
  }

  async #ask(
    broken: BrokenText,
    form: Form,
    stream: AbortSignal,
  ): Promise<ParsedBody | 'bad-request' | undefined> {
    const json = this.#format.requestFor(this.#json, broken, form)
    if (!json) return undefined
    const { receipt, leg, init, policy } = this.#exchange
    const { firstContentMs } = receipt
    const controller = new FollowingController(this.#exchange.signal, stream)
    const { signal } = controller
    const continued = new Leg(leg.target, leg.provider)
    continued.continues = true
    continued.adaptations = leg.adaptations
    // The time of the call has ended with its first content. Its reader now waits as long as for any other pause.
    const waitMs = Math.min(policy.totalMs, streamClocks(this.#exchange).idleMs)
    const exchange: LegExchange = {
      ...this.#exchange,
      json,
      init: { ...init, body: JSON.stringify(json) },
      signal,
      // The SDK's timer, too, has ended with the first content, so only the caller ends the call now.
      callerSignal: signal,
      deadline: { at: policy.clock.now() + waitMs },
      leg: continued,
      facts: new RequestFacts(),
    }
    try {
      const { body } = await this.#next(exchange)
      receipt.firstContentMs = firstContentMs
      if (!isParsed(body)) {
        controller.release()
        return undefined
      }
      this.#requests.set(body, json)
      void body.ended.then(() => controller.release())
      return body
    } catch (error) {
      controller.release()
      signal.throwIfAborted()
      if (isOver({ ...this.#exchange, deadline: exchange.deadline })) return undefined
      return error instanceof AttemptError && error.answer?.status === 400 ? 'bad-request' : undefined
    }
  }

  /** Adds up what the bodies have used, for the receipt and the cost of the call. */
  #settle(read: readonly ReadBody[], last: StreamEnd): StreamEnd {
    if (read.length < 2) return last
    const { receipt, operation } = this.#exchange
    const usages = read.map(({ body, end }) => {
      const { tokens = 0, unreportedTokens = 0, report } = end.delivery ?? {}
      const json = this.#requests.get(body) ?? this.#json
      const { usage } = report ?? {}
      return usage
        ? { ...usage, outputTokens: usage.outputTokens + unreportedTokens }
        : { ...operation.tokens.estimate(json), outputTokens: tokens }
    })
    receipt.usage = sumOfUsages(usages)
    const costs = read.map(({ end }) => end.delivery?.report.costUsd)
    receipt.reportedUsd = costs.every((usd) => usd !== undefined)
      ? costs.reduce((sum, usd) => sum + usd, 0)
      : undefined
    const { delivery: _ofLast, ...end } = last
    return { ...end, isEstimate: true }
  }
}

function isParsed(body: Answer['body']): body is ParsedBody {
  return body.kind === 'stream' && body.pieces !== undefined
}
