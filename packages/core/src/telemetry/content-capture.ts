import { leave } from '../wire/chunks-of.ts'
import { AsyncResource } from 'node:async_hooks'
import { parseJson } from '../base/json.ts'
import type { Answer, Exchange, StreamBody } from '../call/exchange.ts'
import type { CaptureRules } from '../options/capture-options.ts'
import type { CapturedCall, CaptureStats } from '../reporting/captured-call.ts'
import type { Receipt } from '../reporting/receipt.ts'
import type { StreamPiece } from '../protocols/shared/stream-dialect.ts'
import { CapturedText, CaptureMemory } from './captured-text.ts'
import { CaptureQueue, type FinishedCapture } from './capture-queue.ts'
import { CallSecrets } from './secrets.ts'
import type { Telemetry } from './telemetry.ts'

/** Captures the content of the calls of a client and its copies, as their option `captureContent` says. */
export class ContentCapture {
  readonly #memory = new CaptureMemory()
  readonly #telemetry: Telemetry
  #queue: CaptureQueue | undefined

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry
  }

  /** Starts to capture a call. @returns undefined if its client captures no content, and for a prefetch, which has no caller */
  begin(exchange: Exchange): CallCapture | undefined {
    const rules = exchange.policy.captureContent
    if (!rules || exchange.perCall.isPrefetch) return undefined
    this.#queue ??= new CaptureQueue((call) => this.#telemetry.emit('content', call))
    return new CallCapture(exchange, rules, this.#memory, this.#queue)
  }

  /** Returns the statistics; undefined if nothing was captured. */
  stats(): CaptureStats | undefined {
    return this.#queue?.stats()
  }

  /** Waits until all captured calls are passed on, for at most `ms` milliseconds. */
  async close(ms: number): Promise<void> {
    await this.#queue?.close(ms)
  }
}

/** The content of one call that is being captured. */
export class CallCapture implements FinishedCapture {
  readonly rules: CaptureRules
  readonly #receipt: Receipt
  readonly #queue: CaptureQueue
  readonly #request: CapturedText
  readonly #answer: CapturedText
  readonly #secrets = new CallSecrets()
  readonly #context = new AsyncResource('HarborCapture')
  #hasAnswer = false
  #isStream = false

  constructor(exchange: Exchange, rules: CaptureRules, memory: CaptureMemory, queue: CaptureQueue) {
    this.rules = rules
    this.#receipt = exchange.receipt
    this.#queue = queue
    this.#request = new CapturedText(memory, rules.maxBytes)
    this.#answer = new CapturedText(memory, rules.maxBytes)
    const { body } = exchange.init
    if (typeof body === 'string') this.#request.set(body)
    else if (body) this.#request.leaveOut()
    this.#secrets.addFrom(exchange)
  }

  /** Notes the secrets of a request that is sent for the call, so that they can be removed from the content. */
  noteSent(request: Pick<Exchange, 'headers' | 'url'>): void {
    this.#secrets.addFrom(request)
  }

  /** Captures the answer of the call. @returns the answer, whose stream is captured while its caller reads it */
  answered(answer: Answer): Answer {
    this.#hasAnswer = true
    const { body } = answer
    if (body.kind === 'text') {
      this.#answer.set(body.text)
      return answer
    }
    this.#isStream = body.pieces !== undefined
    return { ...answer, body: tapped(body, (bytes) => this.#answer.add(bytes)) }
  }

  /** Passes the call on, since it has ended. */
  end(): void {
    this.#queue.add(this)
  }

  read(): CapturedCall {
    const request = this.#request.read()
    const answer = this.#hasAnswer ? this.#answer.read() : undefined
    const cleanRequest = request === undefined ? undefined : this.#secrets.removedFromRequest(request)
    const cleanAnswer = answer === undefined ? undefined : this.#secrets.removedFrom(answer)
    return {
      receipt: this.#receipt,
      request: this.#request.isCut ? cleanRequest || undefined : parsed(cleanRequest),
      answer: this.#answer.isCut || this.#isStream ? cleanAnswer : parsed(cleanAnswer),
      truncated: this.#request.isCut || this.#answer.isCut,
    }
  }

  runInContext(run: () => void): void {
    this.#context.runInAsyncScope(run)
  }

  release(): void {
    this.#request.release()
    this.#answer.release()
  }
}

/** Parses JSON. Returns the text itself if it is no JSON; undefined if there is none. */
function parsed(text: string | undefined): unknown {
  return text === undefined || text === '' ? undefined : (parseJson(text) ?? text)
}

/** Returns a stream whose bytes are reported when its reader gets them. Nothing is read ahead, and the reader gets the same bytes. */
function tapped(body: StreamBody, read: (bytes: Uint8Array) => void): StreamBody {
  const { chunks, pieces } = body
  return {
    ...body,
    chunks: { [Symbol.asyncIterator]: () => tappedIterator(chunks[Symbol.asyncIterator](), read) },
    pieces: pieces && {
      dialect: pieces.dialect,
      async nextPiece(): Promise<StreamPiece | undefined> {
        const piece = await pieces.nextPiece()
        if (piece) read(piece.bytes)
        return piece
      },
    },
  }
}

function tappedIterator(
  source: AsyncIterator<Uint8Array>,
  read: (bytes: Uint8Array) => void,
): AsyncIterator<Uint8Array> {
  return {
    async next() {
      const result = await source.next()
      if (result.done !== true) read(result.value)
      return result
    },
    return: () => leave(source),
  }
}
