import { AsyncResource } from 'node:async_hooks'
import { createBatcher, type Batcher, type BatcherStats } from '@harbor/batch'
import { noteWait } from '../call/note-wait.ts'
import { CallWait } from '../call/call-wait.ts'
import { remainingMs, type Answer, type Exchange, type Handler } from '../call/exchange.ts'
import type { EmbeddingBatchSettings } from '../options/embedding-batch-options.ts'
import { Partitions, singleInputOf } from '../embedding-batch/single-input.ts'
import { tokensOf, type Member } from '../embedding-batch/split-answer.ts'
import { TimeoutError } from '../base/errors.ts'
import { isCalledOffForOthers } from './send-gate.ts'
import { sendTogether, type BatchServices } from './send-together.ts'

/** The maximum number of combined requests in flight. The limits of the provider apply in addition, in the layers below. */
const BATCHES_AT_ONCE = 64

/** Combines requests for single embeddings that are made at the same time into one request. Each caller gets its own embedding. */
export class EmbeddingBatch {
  readonly #settings: EmbeddingBatchSettings
  readonly #partitions = new Partitions()
  readonly #waitMs: (exchange: Exchange) => number
  readonly #services: BatchServices
  #batcher: Batcher<Member, Answer> | undefined

  /** @param waitMs returns the shortest time that a call would wait for the limits of any of its targets, in milliseconds */
  constructor(
    settings: EmbeddingBatchSettings,
    waitMs: (exchange: Exchange) => number,
    services: BatchServices,
  ) {
    this.#settings = settings
    this.#waitMs = waitMs
    this.#services = services
  }

  readonly layer = (next: Handler): Handler => {
    const batcher = createBatcher<Member, Answer>(
      (members, { signal }) => sendTogether(members, { ...this.#services, signal, next }),
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
