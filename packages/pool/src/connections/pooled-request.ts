import { AsyncResource } from 'node:async_hooks'
import type { Dispatcher } from 'undici'
import type { Connection } from './connection.ts'
import { codeOf, isShortage } from '../errors.ts'
import type { OriginLedger } from './origin-ledger.ts'
import type { Place } from './queue.ts'

type Controller = Dispatcher.DispatchController
type Handler = Dispatcher.DispatchHandler

/** A handler that can also call its request off before it has begun: undici has no way to say that. */
export interface WithdrawableHandler extends Handler {
  onRequestPending?(withdraw: (reason: Error) => void): void
}

export interface RequestOwner {
  readonly ledger: OriginLedger
  readonly staleSocketRetry: boolean
  /** Takes the request out of the queue; false when it is not in it. */
  leaveQueue(request: PooledRequest): boolean
  retryOnFreshConnection(request: PooledRequest): void
  /** Lets a request whose connection could not be opened wait for one of the others; false when there is none. */
  waitForAnother(request: PooledRequest): boolean
}

/** A kept connection that is dead says so within a round trip; what fails later may have been at work for us. */
const STALE_WITHIN_MS = 1_000

/** A request on its way through the pool: stands between undici and the caller's handler, keeps the books, retries a stale socket. */
export class PooledRequest implements Handler {
  readonly options: Dispatcher.DispatchOptions
  connection: Connection | undefined
  /** In the line of those who wait for a connection. */
  place: Place<PooledRequest> | undefined
  queueTimer: NodeJS.Timeout | undefined
  #context: AsyncResource | undefined
  readonly #handler: WithdrawableHandler
  readonly #owner: RequestOwner
  readonly askedAt = performance.now()
  #writtenAt: number | undefined
  #answered = false
  #retried = false
  #withdrawn = false

  constructor(owner: RequestOwner, options: Dispatcher.DispatchOptions, handler: WithdrawableHandler) {
    this.#owner = owner
    this.options = options
    this.#handler = handler
    handler.onRequestPending?.((reason) => this.#withdraw(reason))
  }

  /**
   * Keeps the async context of the caller, for a request that is sent later: by then the context is that of the request before, from
   * whose answer the connection became free. A request that is sent at once has its own anyway.
   */
  keepContext(): void {
    this.#context ??= new AsyncResource('HarborPoolRequest')
  }

  /** Goes out in the async context of its caller. */
  sendOver(connection: Connection): void {
    if (this.#context) this.#context.runInAsyncScope(() => connection.send(this))
    else connection.send(this)
  }

  /** Ends a request that never got a connection. */
  refuse(error: Error): void {
    // undici itself passes no controller when there was no connection.
    this.#handler.onResponseError?.(undefined as unknown as Controller, error)
  }

  leftQueue(): void {
    clearTimeout(this.queueTimer)
    this.#owner.ledger.queueMs.add(performance.now() - this.askedAt)
  }

  onRequestStart(controller: Controller, context: unknown): void {
    const reused = this.connection !== undefined && ++this.connection.served > 1
    this.#writtenAt = performance.now()
    this.#owner.ledger.requests++
    if (reused) {
      this.#owner.ledger.reused++
      if (this.#owner.staleSocketRetry) this.keepContext()
    }
    this.#handler.onRequestStart?.(controller, context)
  }

  onResponseStarted(): void {
    if (!this.#answered) this.#owner.ledger.firstByteMs.add(performance.now() - (this.#writtenAt ?? 0))
    this.#answered = true
    this.#handler.onResponseStarted?.()
  }

  onResponseStart(controller: Controller, ...head: HeadArguments): void {
    this.#handler.onResponseStart?.(controller, ...head)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk)
  }

  onResponseEnd(controller: Controller, trailers: EndArguments[1]): void {
    this.connection?.settle()
    this.#handler.onResponseEnd?.(controller, trailers)
  }

  onResponseError(controller: Controller | undefined, error: Error): void {
    if (this.#isStale(controller, error)) {
      this.#retried = true
      this.#owner.retryOnFreshConnection(this)
      return
    }
    if (this.#lacksSocket(controller, error) && this.#owner.waitForAnother(this)) return
    this.connection?.settle()
    const ownWish = this.#withdrawn || controller?.aborted === true
    if (!ownWish || codeOf(error)?.endsWith('_TIMEOUT') === true) this.#owner.ledger.errors++
    this.#handler.onResponseError?.(controller as Controller, error)
  }

  onRequestUpgrade(...upgrade: UpgradeArguments): void {
    this.connection?.settle()
    this.#handler.onRequestUpgrade?.(...upgrade)
  }

  onBodySent(chunk: Buffer): void {
    this.#handler.onBodySent?.(chunk)
  }

  onRequestSent(): void {
    this.#handler.onRequestSent?.()
  }

  #isStale(controller: Controller | undefined, error: Error): boolean {
    if (this.#retried || this.#answered || !this.#owner.staleSocketRetry || controller?.aborted === true)
      return false
    if (!CONNECTION_DIED.has(codeOf(error) ?? '')) return false
    const served = this.connection?.served ?? 0
    if (this.#writtenAt === undefined) return served > 0
    return (
      served > 1 && performance.now() - this.#writtenAt < STALE_WITHIN_MS && isReplayable(this.options.body)
    )
  }

  /** Nothing was sent, as this process could open no further connection. */
  #lacksSocket(controller: Controller | undefined, error: Error): boolean {
    return (
      this.#writtenAt === undefined && !this.#withdrawn && controller?.aborted !== true && isShortage(error)
    )
  }

  #withdraw(reason: Error): void {
    this.#withdrawn = true
    if (this.#owner.leaveQueue(this)) return
    if (this.#writtenAt === undefined) this.connection?.end(reason)
  }
}

type HeadArguments = [
  statusCode: number,
  headers: Parameters<NonNullable<Handler['onResponseStart']>>[2],
  statusText?: string,
]
type EndArguments = Parameters<NonNullable<Handler['onResponseEnd']>>
type UpgradeArguments = Parameters<NonNullable<Handler['onRequestUpgrade']>>

const CONNECTION_DIED = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

function isReplayable(body: unknown): boolean {
  return typeof body !== 'object' || body === null || !(Symbol.asyncIterator in body || 'pipe' in body)
}
