import { AsyncResource } from 'node:async_hooks'
import type { Dispatcher } from 'undici'
import { codeOf, isShortage } from '../errors.ts'
import type { Connection, ConnectionRequest } from './connection.ts'
import type { OriginLedger } from './origin-ledger.ts'
import type { Place } from './queue.ts'

type Controller = Dispatcher.DispatchController
type Handler = Dispatcher.DispatchHandler

/** A handler that can cancel its request before it was sent, which undici has no method for. */
export interface WithdrawableHandler extends Handler {
  onRequestPending?(withdraw: (reason: Error) => void): void
}

/** The pool of a request. */
export interface RequestOwner {
  readonly ledger: OriginLedger
  readonly staleSocketRetry: boolean
  /** Removes the request from the queue. @returns false if it is not in the queue */
  leaveQueue(request: PooledRequest): boolean
  retryOnFreshConnection(request: PooledRequest): void
  /** Queues a request again whose connection could not be opened. @returns false if there is no other connection to wait for */
  waitForAnother(request: PooledRequest): boolean
}

/** A dead keep-alive connection fails within a round trip. A request that fails later may have been carried out. */
const STALE_WITHIN_MS = 1_000

/** A request in the pool: wraps the caller's handler, updates the statistics, and retries once on a stale socket. */
export class PooledRequest implements ConnectionRequest {
  readonly options: Dispatcher.DispatchOptions
  connection: Connection | undefined
  /** Its place in the queue for a connection. */
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
   * Captures the caller's async context, for a request that is sent later. Without it, the request would be sent in the context of the
   * previous request, whose response freed the connection.
   */
  keepContext(): void {
    this.#context ??= new AsyncResource('HarborPoolRequest')
  }

  /** Sends the request, in the async context of its caller. */
  sendOver(connection: Connection): void {
    if (this.#context) this.#context.runInAsyncScope(() => connection.send(this))
    else connection.send(this)
  }

  /** Fails a request that never got a connection. */
  refuse(error: Error): void {
    // undici passes no controller either if there was no connection.
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

  /** Whether nothing was sent because this process could not open another connection. */
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
