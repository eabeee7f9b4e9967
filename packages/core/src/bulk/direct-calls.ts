import type { BulkContext } from '@harbor/batch'
import type { FailureKind } from '@harbor/retry'
import { APIError, type OpenAI } from 'openai'
import { sendRequest } from '../call/api-request.ts'
import type { PriceList } from '../cost/price-list.ts'
import { gated, type PerCall } from '../options/per-call.ts'
import { receiptOf, type Receipt } from '../reporting/receipt.ts'
import type { BulkAnswer, BulkRequest } from './bulk-request.ts'
import { CallWatch } from './call-watch.ts'
import { Outage } from './outage.ts'
import { SpendQueue } from './spend-queue.ts'

/** The price list, which may still be loading. */
export type Prices = Pick<PriceList, 'loaded' | 'load'>

export interface DirectCallsOptions {
  readonly client: OpenAI
  readonly prices: Prices
  /** As in `HarborBulkOptions`. */
  readonly patienceMs: number
  /** As in `HarborBulkOptions`. */
  readonly onOutage: ((kind: FailureKind | undefined) => void) | undefined
  /** Called with an error after which no other request of the run can be sent: the money is spent, or the client is closed. */
  readonly onEnd: (error: unknown) => void
}

/** How one request is sent. */
export interface SendOptions {
  /** The SDK's request options. */
  readonly request: OpenAI.RequestOptions
  /** Further options of the call. */
  readonly perCall?: Pick<PerCall, 'runLimit' | 'fallback'>
  /** Called before each request of the call, retries included. */
  readonly onSent?: () => void
  /** Whether the request waits for the end of an outage. @default true */
  readonly isPatient?: boolean
}

/** Makes the calls of a bulk run through all layers of the client. They wait for the end of an outage, and for money that others give back. */
export class DirectCalls {
  readonly #options: DirectCallsOptions
  readonly #turns = new Turns()
  readonly #spending = new SpendQueue()
  readonly #outage: Outage

  constructor(options: DirectCallsOptions) {
    this.#options = options
    this.#outage = new Outage(options.patienceMs, (kind) => options.onOutage?.(kind))
  }

  /**
   * Makes the call for one item.
   * @throws the error of the call; the reason of the signal if the run is stopped before the request was sent
   */
  async answer(
    item: BulkRequest,
    context: BulkContext,
    { request, perCall, onSent, isPatient = true }: SendOptions,
  ): Promise<BulkAnswer> {
    const { client, prices } = this.#options
    let { answers } = this.#outage
    const watch = new CallWatch(context, () => {
      ;({ answers } = this.#outage)
      this.#spending.noteSent()
      onSent?.()
    })
    const requestOptions = gated({ ...request, signal: context.signal }, watch, perCall)
    for (let round = 0, attempts = 0; ; round++) {
      await this.#turns.take()
      context.stopSignal.throwIfAborted()
      try {
        const send = (): Promise<unknown> => sendRequest(client, item, requestOptions)
        const body = await this.#spending.send(send, context.stopSignal)
        // An answer from the cache says nothing about the provider.
        if (attemptsOf(receiptOf(body)) > 0) this.#outage.noteAnswer()
        return await answerOf(body, prices, context, attempts)
      } catch (error) {
        attempts += attemptsOf(receiptOf(error))
        context.report({ attempts })
        const code = error instanceof APIError ? error.code : undefined
        if (code === 'spend_limit' || code === CLIENT_CLOSED) this.#options.onEnd(error)
        // Throw the reason of the signal, so that an item that was not sent gets no result.
        if (code === CLIENT_CLOSED) context.stopSignal.throwIfAborted()
        if (!isPatient || !(await this.#outage.waitOut(error, answers, round, context))) throw error
      }
    }
  }
}

/** The code of `ClientClosedError`. This error ends the run, since a closed client would not send the later items either. */
const CLIENT_CLOSED = 'client_closed'

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
