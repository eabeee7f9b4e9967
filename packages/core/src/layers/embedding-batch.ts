import { AsyncResource } from 'node:async_hooks'
import { createBatcher, type Batcher, type BatcherStats } from '@harbor/batch'
import { AttemptError } from '../attempt/attempt-error.ts'
import { refusedAnswer } from '../attempt/answer-failures.ts'
import { MissingAnswerError } from '../protocols/shared/missing-answer.ts'
import { noteWait } from '../call/note-wait.ts'
import { CallWait } from '../call/call-wait.ts'
import { remainingMs, type Answer, type Exchange, type Handler } from '../call/exchange.ts'
import { estimateOf, RequestFacts } from '../call/request-facts.ts'
import { planOf } from '../routing/plan-of.ts'
import { atFirstTarget } from '../call/exchange-copies.ts'
import type { EmbeddingBatchSettings } from '../options/embedding-batch-options.ts'
import { Partitions, singleInputOf } from '../embedding-batch/single-input.ts'
import {
  payersOf,
  shareOf,
  splitAnswer,
  UnclearOrderError,
  type Member,
} from '../embedding-batch/split-answer.ts'
import { ClientClosedError, TimeoutError } from '../base/errors.ts'
import { situationOf, VERDICTS } from '../verdict/verdict.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { observedUpstream } from './observe.ts'
import { isCalledOffForOthers } from './send-gate.ts'

/** The maximum number of combined requests in flight. The limits of the provider apply in addition, in the layers below. */
const BATCHES_AT_ONCE = 64

/** Combines requests for single embeddings that are made at the same time into one request. Each caller gets its own embedding. */
export class EmbeddingBatch {
  readonly #settings: EmbeddingBatchSettings
  readonly #partitions = new Partitions()
  readonly #waitMs: (exchange: Exchange) => number
  readonly #telemetry: Telemetry
  #batcher: Batcher<Member, Answer> | undefined

  /** @param waitMs returns the shortest time that a call would wait for the limits of any of its targets, in milliseconds */
  constructor(
    settings: EmbeddingBatchSettings,
    waitMs: (exchange: Exchange) => number,
    telemetry: Telemetry,
  ) {
    this.#telemetry = telemetry
    this.#settings = settings
    this.#waitMs = waitMs
  }

  readonly layer = (next: Handler): Handler => {
    const batcher = createBatcher<Member, Answer>(
      (members, { signal }) => sendTogether(members, signal, next, this.#telemetry),
      {
        maxBatchSize: this.#settings.maxBatchSize,
        maxWaitMs: this.#settings.maxWaitMs,
        maxBatchTokens: this.#settings.maxBatchTokens,
        maxConcurrentBatches: BATCHES_AT_ONCE,
        sizeOf: ({ exchange }) => ({ tokens: tokensOf(exchange) }),
        partition: ({ exchange }) => this.#partitions.of(exchange),
        // An error caused by one text is reported only to that text's caller.
        onBatchError: 'bisect',
      },
    )
    this.#batcher = batcher
    return async (exchange) => {
      const text = singleInputOf(exchange)
      if (text === undefined || tokensOf(exchange) > this.#settings.maxBatchTokens) return next(exchange)
      const wait = new CallWait(exchange)
      const since = exchange.policy.clock.now()
      try {
        const { priority } = exchange.perCall
        const context = new AsyncResource('HarborEmbedding')
        // A batch sent now would only wait for the limits, so the text waits here, where more texts can join it. The wait is Infinity while
        // the limits are unknown.
        const waitMs = this.#waitMs(exchange)
        if (waitMs > 0 && waitMs < remainingMs(exchange)) await wait.pause(waitMs)
        return await batcher.add({ exchange, text, context, wait, since }, { signal: wait.signal, priority })
      } catch (error) {
        if (isCalledOffForOthers(error, exchange)) return await next(exchange)
        throw wait.isOver ? new TimeoutError('total', exchange.policy.totalMs, error) : error
      } finally {
        // The call left before its text was sent.
        if (exchange.receipt.attempts.length === 0 && exchange.receipt.waits.length === 0)
          noteWait(exchange, 'queue', since)
        wait.end()
      }
    }
  }

  stats(): BatcherStats | undefined {
    return this.#batcher?.stats()
  }

  /** Closes the batcher. It is called after all calls are over, so no call is waiting in the batcher. */
  async close(): Promise<void> {
    await this.#batcher?.close('abort')
  }
}

function tokensOf(exchange: Exchange): number {
  return Math.max(1, estimateOf(exchange).inputTokens)
}

/**
 * Sends the texts of several calls as one request.
 * @throws an error that one of the texts may have caused; the batcher then sends smaller batches to find that text
 */
async function sendTogether(
  members: readonly Member[],
  signal: AbortSignal,
  next: Handler,
  telemetry: Telemetry,
): Promise<readonly (Answer | Error)[]> {
  const [first] = members
  if (!first) return []
  for (const { wait, exchange, since } of members) {
    wait.sent()
    // A batch that failed is sent again in smaller batches.
    if (exchange.receipt.waits.length === 0) noteWait(exchange, 'queue', since)
  }
  // The request runs in the async context of the call that has waited longest.
  const inContext = <T>(send: () => T): T => first.context.runInAsyncScope(send)
  if (members.length === 1) return [await orError(inContext(() => next(first.exchange)))]
  const { exchange } = first
  const { batching } = exchange.operation
  if (!batching) throw new Error('Only requests that can be combined are put into a batch.')
  const json = batching.withInputs(
    exchange.json ?? {},
    members.map(({ text }) => text),
  )
  const receipt = exchange.receipt.apart((cost) => {
    for (const [place, member] of members.entries())
      member.exchange.receipt.billed({ ...cost, usd: cost.usd * shareOf(members, place) })
  }, payersOf(members))
  const together: Exchange = {
    ...exchange,
    json,
    init: { ...exchange.init, body: JSON.stringify(json) },
    signal,
    callerSignal: signal,
    deadline: { at: Math.max(...members.map((member) => member.exchange.deadline.at)) },
    receipt,
    facts: new RequestFacts(),
  }
  try {
    const answering = inContext(() => observedUpstream(together, next, telemetry))
    for (const member of members) member.exchange.observed?.servedBy(receipt)
    return splitAnswer(await answering, { batching, receipt, members })
  } catch (error) {
    if (ClientClosedError.is(error)) return members.map(() => error)
    if (error instanceof UnclearOrderError) {
      const what = 'with embeddings whose indexes do not say which text they belong to'
      return members.map(({ exchange: own }) =>
        refusedAnswer(atFirstTarget(own, planOf(own).outage), error.answer, what, undefined),
      )
    }
    if (!(error instanceof AttemptError) || isCausedByTexts(error) || isPartial(error)) throw error
    return members.map((member) => {
      member.exchange.receipt.adopt(receipt)
      return error.copyFor(member.exchange)
    })
  }
}

async function orError(answer: Promise<Answer>): Promise<Answer | Error> {
  try {
    return await answer
  } catch (error) {
    return error instanceof Error ? error : new Error('the call failed', { cause: error })
  }
}

function isCausedByTexts({ failure }: AttemptError): boolean {
  return VERDICTS[situationOf(failure)].causedByContent === true
}

/** Whether the provider returned fewer embeddings than texts. Such a provider may accept fewer texts per request, or only one. */
function isPartial({ cause }: AttemptError): boolean {
  return cause instanceof MissingAnswerError && cause.isPartial
}
