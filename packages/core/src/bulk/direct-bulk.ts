import { runBulk, type BulkContext, type BulkRun, type BulkSource } from '@harbor/batch'
import { APIError, type OpenAI } from 'openai'
import { sendRequest } from '../call/api-request.ts'
import type { PriceList } from '../cost/price-list.ts'
import { OptionError } from '../base/errors.ts'
import { gated } from '../options/per-call.ts'
import { receiptOf, type Receipt } from '../reporting/receipt.ts'
import type { HarborBulkOptions } from './bulk-options.ts'
import type { BulkAnswer, BulkRequest } from './bulk-request.ts'
import { CallWatch } from './call-watch.ts'
import { Outage } from './outage.ts'
import { packedJournal } from './packed-journal.ts'
import { SpendQueue } from './spend-queue.ts'

/** The price list, which may still be loading. */
type Prices = Pick<PriceList, 'loaded' | 'load'>

/**
 * Makes one call for each request, through all layers of the client. The run ends when the spend limit is reached and no call that is in
 * flight can give money back. It can be resumed later.
 */
export function directBulk(
  client: OpenAI,
  prices: Prices,
  source: BulkSource<BulkRequest>,
  {
    via: _via,
    request = {},
    providerBatch: _batch,
    patienceMs = 0,
    onOutage,
    journal,
    ...options
  }: HarborBulkOptions,
): BulkRun<BulkAnswer> {
  const turns = new Turns()
  const spending = new SpendQueue()
  const outage = new Outage(patienceMs, (kind) => onOutage?.(kind))
  const run = runBulk<BulkRequest, BulkAnswer>(source, call, {
    id: idOf,
    ...options,
    journal: packedJournal(journal),
  })
  return run

  async function call(item: BulkRequest, context: BulkContext): Promise<BulkAnswer> {
    checkRequest(item)
    let { answers } = outage
    const watch = new CallWatch(context, () => {
      ;({ answers } = outage)
      spending.noteSent()
    })
    const requestOptions = gated({ ...request, signal: context.signal }, watch)
    for (let round = 0, attempts = 0; ; round++) {
      await turns.take()
      context.stopSignal.throwIfAborted()
      try {
        const send = (): Promise<unknown> => sendRequest(client, item, requestOptions)
        const body = await spending.send(send, context.stopSignal)
        // An answer from the cache says nothing about the provider.
        if (attemptsOf(receiptOf(body)) > 0) outage.noteAnswer()
        return await answerOf(body, prices, context, attempts)
      } catch (error) {
        attempts += attemptsOf(receiptOf(error))
        context.report({ attempts })
        const code = error instanceof APIError ? error.code : undefined
        if (code === 'spend_limit' || code === CLIENT_CLOSED) run.stop(error)
        // Throw the reason of the signal, so that an item that was not sent gets no result.
        if (code === CLIENT_CLOSED) context.stopSignal.throwIfAborted()
        if (!(await outage.waitOut(error, answers, round, context))) throw error
      }
    }
  }
}

/** The code of `ClientClosedError`. This error ends the run, since a closed client would not send the later items either. */
const CLIENT_CLOSED = 'client_closed'

export function idOf({ custom_id: id }: BulkRequest, index: number): string {
  return id ?? String(index)
}

/**
 * Makes the answer to an item from the body of a response, and reports its usage and attempts to the run.
 * @param attempts the number of attempts made for this item before, in calls that failed
 */
async function answerOf(
  body: unknown,
  prices: Prices,
  context: BulkContext,
  attempts: number,
): Promise<BulkAnswer> {
  const receipt = receiptOf(body)
  const { target = '', usage, cache } = receipt ?? {}
  // The first calls of a process may end before the price list is loaded. Wait for the list, since an answer in the journal cannot be changed.
  if (usage && !receipt?.cost && !prices.loaded) await prices.load()
  const cost = receipt?.cost
  if (usage) context.report({ usage: { input: usage.inputTokens, output: usage.outputTokens } })
  context.report({ attempts: attempts + attemptsOf(receipt) })
  return {
    body,
    target,
    ...(usage && { usage }),
    ...(cost && { usd: cost.usd }),
    ...(cache && { cache: cache.status }),
  }
}

/** Returns the number of attempts that were made for this item. It is 0 if the item shared the answer to another item's request. */
function attemptsOf(receipt: Receipt | undefined): number {
  return receipt === undefined || receipt.cache?.status === 'shared' ? 0 : receipt.attempts.length
}

/**
 * Checks one request of a bulk run.
 * @throws OptionError if the request has no body, or asks for a stream
 */
export function checkRequest({ body }: BulkRequest): void {
  if (typeof body !== 'object' || (body as unknown) === null)
    throw new OptionError('body', 'A request needs a body, such as { model, messages }.')
  if ('stream' in body && body.stream)
    throw new OptionError('stream', 'A bulk run does not return streams: leave stream out of the body.')
}

/**
 * Lets calls start one after the other, one per turn of the event loop. The first request then leaves at once, and the answers arrive at
 * different times. If many calls started in the same turn, the first request would leave only when the last one is ready, and all answers
 * would arrive together.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []
  #isUsed = false

  /** @returns undefined if the caller can start now, otherwise a promise that resolves when it can */
  take(): Promise<void> | undefined {
    if (this.#isUsed) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#isUsed = true
    setImmediate(this.#next)
    return undefined
  }

  readonly #next = (): void => {
    const next = this.#waiting.shift()
    if (!next) {
      this.#isUsed = false
      return
    }
    setImmediate(this.#next)
    next()
  }
}
