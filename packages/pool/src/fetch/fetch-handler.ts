import type { Dispatcher } from 'undici'
import { bodyTimeout, codeOf, headTimeout, terminated } from '../errors.ts'
import { IncomingBody } from './incoming-body.ts'
import { LONGEST_TIMER_MS } from '@harbor/parts'
import type { WithdrawableHandler } from '../connections/pooled-request.ts'
import { UploadStream } from './upload-stream.ts'

type Controller = Dispatcher.DispatchController

export type RawResponseHeaders = Readonly<Record<string, string | string[] | undefined>>

export interface Answer {
  readonly status: number
  readonly statusText: string
  readonly headers: RawResponseHeaders
  readonly body: IncomingBody
}

export interface FetchLimits {
  readonly origin: string
  readonly signal: AbortSignal | undefined
  /** Until the response head; nothing when it is no number of milliseconds that a timer can wait. */
  readonly headMs: number
  readonly bodyIdleMs: number
  /** Nobody has read the body for `bodyIdleMs`; with the age of the request. */
  readonly onAbandoned: (ageMs: number) => void
}

/**
 * One request of a fetch, from its dispatch to the end of its body. However it ends, it ends once: the answer or the
 * body is settled, the abort listener and the timer are gone, an upload is let go, and the connection is free.
 */
export class FetchHandler implements WithdrawableHandler {
  readonly answer: Promise<Answer>
  readonly #settle: PromiseWithResolvers<Answer>
  readonly #limits: FetchLimits
  readonly #upload: unknown
  readonly #begunAt = performance.now()
  #finished = false
  #stopped: { reason: Error } | undefined
  #headTimer: NodeJS.Timeout | undefined
  #controller: Controller | undefined
  #withdraw: ((reason: Error) => void) | undefined
  #body: IncomingBody | undefined

  /** The caller aborted. A function, since of an object Node makes a function of its own that V8 keeps until the next full collection. */
  readonly #onAbort = (): void => {
    const reason: unknown = this.#limits.signal?.reason
    this.#body?.abort(reason)
    this.#stop(reason)
  }

  constructor(upload: unknown, limits: FetchLimits) {
    this.#settle = Promise.withResolvers()
    this.answer = this.#settle.promise
    this.#limits = limits
    this.#upload = upload
    limits.signal?.addEventListener('abort', this.#onAbort)
    if (limits.headMs > 0 && limits.headMs <= LONGEST_TIMER_MS)
      this.#headTimer = setTimeout(() => this.#headIsLate(), limits.headMs).unref()
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
    this.#body = new IncomingBody(this, this.#limits.bodyIdleMs, () => this.#abandoned())
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

  // The three that the body calls:

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  cancel(): void {
    this.#stop(undefined)
  }

  /** Ends it from our side. */
  #stop(reason: unknown): void {
    if (this.#finished) return
    this.#settle.reject(reason)
    this.#finish(reason)
    // undici makes an error of its own of an abort without reason, and wants none but errors.
    const error = reason as Error
    this.#stopped = { reason: error }
    if (this.#controller) this.#controller.abort(error)
    else this.#withdraw?.(error)
  }

  #headIsLate(): void {
    // After a blocked event loop the answer may be waiting in the socket: it is read before this runs.
    setImmediate(() => {
      if (!this.#body) this.#stop(headTimeout(this.#limits.origin, this.#limits.headMs))
    })
  }

  #abandoned(): void {
    const { origin, bodyIdleMs, onAbandoned } = this.#limits
    const error = bodyTimeout(`Nobody read the body of an answer from ${origin} for ${bodyIdleMs} ms`)
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
