import { MAX_TIMER_MS } from '@harbor/parts'
import type { Dispatcher } from 'undici'
import type { WithdrawableHandler } from '../connections/pooled-request.ts'
import { bodyTimeout, codeOf, headTimeout, terminated } from '../errors.ts'
import { IncomingBody } from './incoming-body.ts'
import { UploadStream } from './upload-stream.ts'

type Controller = Dispatcher.DispatchController

export type RawResponseHeaders = Readonly<Record<string, string | string[] | undefined>>

/** A response as undici delivers it. */
export interface RawResponse {
  readonly status: number
  readonly statusText: string
  readonly headers: RawResponseHeaders
  readonly body: IncomingBody
}

/** The settings of one request. */
export interface FetchLimits {
  readonly origin: string
  readonly signal: AbortSignal | undefined
  /**
   * How long the response head may take, in milliseconds. There is no limit if this is 0, or longer than the longest delay of
   * `setTimeout`.
   */
  readonly headMs: number
  /** How long the body may make no progress, in milliseconds; 0 for no limit. */
  readonly bodyIdleMs: number
  /** Called when the caller did not read the body for `bodyIdleMs`, with the time since the start of the request in milliseconds. */
  readonly onAbandoned: (ageMs: number) => void
}

/**
 * Handles one request of `pool.fetch`, from its dispatch to the end of the response body. When the request ends in any way, the response
 * promise or the body settles, the abort listener and the timer are removed, an upload is cancelled, and the connection is released. All
 * of this happens exactly once.
 */
export class FetchHandler implements WithdrawableHandler {
  readonly response: Promise<RawResponse>
  readonly #settle: PromiseWithResolvers<RawResponse>
  readonly #limits: FetchLimits
  readonly #upload: unknown
  readonly #begunAt = performance.now()
  #finished = false
  #stopped: { reason: Error } | undefined
  #headTimer: NodeJS.Timeout | undefined
  #controller: Controller | undefined
  #withdraw: ((reason: Error) => void) | undefined
  #body: IncomingBody | undefined

  /**
   * Aborts the request and its body. This is a function and not an object with `handleEvent`, because Node would wrap and retain such an
   * object: see docs/decisions/young-generation.md.
   */
  readonly #onAbort = (): void => {
    const reason: unknown = this.#limits.signal?.reason
    this.#body?.abort(reason)
    this.#stop(reason)
  }

  constructor(upload: unknown, limits: FetchLimits) {
    this.#settle = Promise.withResolvers()
    this.response = this.#settle.promise
    this.#limits = limits
    this.#upload = upload
    limits.signal?.addEventListener('abort', this.#onAbort)
    if (limits.headMs > 0 && limits.headMs <= MAX_TIMER_MS)
      this.#headTimer = setTimeout(() => this.#headTimedOut(), limits.headMs).unref()
  }

  onRequestPending(withdraw: (reason: Error) => void): void {
    this.#withdraw = withdraw
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#stopped) controller.abort(this.#stopped.reason)
  }

  onResponseStart(
    _controller: Controller,
    status: number,
    headers: RawResponseHeaders,
    statusText = '',
  ): void {
    if (status < 200 || this.#finished) return
    clearTimeout(this.#headTimer)
    this.#body = new IncomingBody(this, this.#limits.bodyIdleMs, () => this.#bodyAbandoned())
    this.#settle.resolve({ status, statusText, headers, body: this.#body })
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.#body?.push(chunk)
  }

  onResponseEnd(): void {
    this.#body?.end()
    this.#finish()
  }

  onResponseError(_controller: Controller | undefined, error: Error): void {
    if (this.#finished) return
    const { origin, onAbandoned } = this.#limits
    if (this.#body?.isAwaited === false && codeOf(error) === 'UND_ERR_BODY_TIMEOUT')
      onAbandoned(performance.now() - this.#begunAt)
    this.#body?.fail(terminated(origin, error))
    this.#settle.reject(error)
    this.#finish(error)
  }

  // Methods of BodySource, called by the body:

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  cancel(): void {
    this.#stop(undefined)
  }

  /** Aborts the request, and rejects the response promise with this reason. */
  #stop(reason: unknown): void {
    if (this.#finished) return
    this.#settle.reject(reason)
    this.#finish(reason)
    // undici accepts only errors as abort reasons. Without a reason it creates an error.
    const error = reason as Error
    this.#stopped = { reason: error }
    if (this.#controller) this.#controller.abort(error)
    else this.#withdraw?.(error)
  }

  #headTimedOut(): void {
    // If the event loop was blocked, the response may have arrived unread. Node reads the socket before setImmediate runs.
    setImmediate(() => {
      if (!this.#body) this.#stop(headTimeout(this.#limits.origin, this.#limits.headMs))
    })
  }

  #bodyAbandoned(): void {
    const { origin, bodyIdleMs, onAbandoned } = this.#limits
    const error = bodyTimeout(`The body of a response from ${origin} was not read for ${bodyIdleMs} ms`)
    onAbandoned(performance.now() - this.#begunAt)
    this.#body?.fail(terminated(origin, error))
    this.#stop(error)
  }

  #finish(reason?: unknown): void {
    this.#finished = true
    clearTimeout(this.#headTimer)
    this.#limits.signal?.removeEventListener('abort', this.#onAbort)
    if (this.#upload instanceof UploadStream) this.#upload.cancel(reason)
  }
}
