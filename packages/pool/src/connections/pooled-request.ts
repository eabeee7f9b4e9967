import { AsyncResource } from 'node:async_hooks'
import type { Dispatcher } from 'undici'
import { codeOf, isShortage } from '../errors.ts'
import type { Connection, ConnectionRequest } from './connection.ts'
import type { OriginLedger } from './origin-ledger.ts'
import type { Place } from './queue.ts'

type Controller = Dispatcher.DispatchController
type Handler = Dispatcher.DispatchHandler

/** A handler that can cancel its request while the request is queued or its connection is being opened. undici has no method for that. */
export interface WithdrawableHandler extends Handler {
  /**
   * Called when the pool has accepted the request, before the request is sent.
   * @param withdraw cancels the request; has no effect once the request is written to a connection
   */
  onRequestPending?(withdraw: (reason: Error) => void): void
}

/** The pool that a request belongs to. */
export interface RequestOwner {
  readonly ledger: OriginLedger
  readonly staleSocketRetry: boolean
  /** Removes the request from the queue. @returns false if it is not in the queue */
  leaveQueue(request: PooledRequest): boolean
  /** Sends the request again, over a new connection. */
  retryOnFreshConnection(request: PooledRequest): void
  /**
   * Returns a request to the front of the queue, because its connection could not be opened for lack of a resource.
   * @returns false if the origin has no other connection to wait for
   */
  requeueAfterShortage(request: PooledRequest): boolean
}

/**
 * The maximum time from writing a request to the failure of its connection for that connection to count as stale, in milliseconds. A
 * dead keep-alive connection fails within a round trip. After a later failure, the server may have processed the request.
 */
const STALE_WITHIN_MS = 1_000

/**
 * A request in the pool. It wraps the caller's handler, updates the statistics, and is sent again once if its keep-alive connection
 * was dead.
 */
export class PooledRequest implements ConnectionRequest {
  readonly options: Dispatcher.DispatchOptions
  connection: Connection | undefined
  /** The place of the request in the queue. */
  place: Place<PooledRequest> | undefined
  queueTimer: NodeJS.Timeout | undefined
  #context: AsyncResource | undefined
  readonly #handler: WithdrawableHandler
  readonly #owner: RequestOwner
  readonly queuedAt = performance.now()
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
   * Captures the current async context, so that the request is sent in it later. Otherwise, the request would be sent in the context
   * of the previous request, whose response freed the connection.
   */
  captureContext(): void {
    this.#context ??= new AsyncResource('HarborPoolRequest')
  }

  /** Sends the request over this connection. If the context was captured, sends it in that async context. */
  sendOver(connection: Connection): void {
    if (this.#context) this.#context.runInAsyncScope(() => connection.send(this))
    else connection.send(this)
  }

  /** Fails a request that has no connection. */
  refuse(error: Error): void {
    // Without a connection there is no controller. undici passes undefined in this case, too.
    this.#handler.onResponseError?.(undefined as unknown as Controller, error)
  }

  leftQueue(): void {
    clearTimeout(this.queueTimer)
    this.#owner.ledger.queueMs.add(performance.now() - this.queuedAt)
  }

  onRequestStart(controller: Controller, context: unknown): void {
    const reused = this.connection !== undefined && ++this.connection.served > 1
    this.#writtenAt = performance.now()
    this.#owner.ledger.requests++
    if (reused) {
      this.#owner.ledger.reused++
      if (this.#owner.staleSocketRetry) this.captureContext()
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
    if (this.#failedForShortage(controller, error) && this.#owner.requeueAfterShortage(this)) return
    this.connection?.settle()
    const wasAborted = this.#withdrawn || controller?.aborted === true
    if (!wasAborted || codeOf(error)?.endsWith('_TIMEOUT') === true) this.#owner.ledger.errors++
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

  /** Whether the request failed before it was written, because this process lacks a resource to open another connection. */
  #failedForShortage(controller: Controller | undefined, error: Error): boolean {
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
