import { TimeoutError } from '../base/errors.ts'
import type { StreamEnd } from '../call/exchange.ts'
import { withMore } from '../wire/chunks-of.ts'
import { BodySource } from './body-source.ts'
import type { GuardedStreamOptions } from './guarded-stream-options.ts'
import { HeldRoom } from './held-room.ts'
import { IdleClock } from './idle-clock.ts'
import { PieceStream, stoppedReading } from './piece-stream.ts'
import { RecentBytes } from './recent-bytes.ts'
import { separateEvents } from '../wire/separate-events.ts'
import { isMisread, type SseEvent } from '../wire/sse-event.ts'
import { SseSplitter } from '../wire/sse-splitter.ts'
import { asError, asFault, incomplete } from './stream-fault.ts'
import { PassingEvents, pieceOf } from './stream-piece.ts'
import type { StreamDialect, StreamPiece } from '../protocols/shared/stream-dialect.ts'

/** How long a stream waits to be read for the first time before it closes its connection, in milliseconds. */
const UNREAD_MS = 300_000
const BLANK_LINES = new TextEncoder().encode('\n\n')

/**
 * A stream of server-sent events that counts as complete only if its events prove it.
 *
 *     held ──content or proof──▶ flowing ──proof, then the end──▶ ended (success)
 *      │                           │  └──── fault ──▶ reported in band ──▶ ended (failure)
 *      └── fault: thrown           └─────── reader or caller leaves ─▶ ended (aborted)
 *
 * While the stream is held, the reader has received nothing, so a fault is an ordinary failed attempt. Only whole events are passed on,
 * usually with unchanged bytes. Events without content are dropped if common SDKs cannot read them. Events in an unusual form are
 * rewritten in the usual one.
 */
export class GuardedStream extends PieceStream {
  override readonly dialect: StreamDialect
  readonly #source: BodySource
  readonly #idle: IdleClock
  readonly #release: (reason: Error) => void
  readonly #onContent: (() => void) | undefined
  #onResponseId: ((id: string) => void) | undefined
  readonly #room: HeldRoom
  readonly #splitter = new SseSplitter()
  /** The start and the end of the bytes received so far. Undefined once the stream is no longer held. */
  #recent: RecentBytes | undefined = new RecentBytes()
  #readyBytes = 0
  readonly #ready: StreamPiece[] = []
  #state: 'held' | 'flowing' | 'draining' | 'ended' = 'held'
  #hasContent = false
  #failure: unknown
  #pending: Promise<unknown> | undefined
  #unreadTimer: ReturnType<typeof setTimeout> | undefined

  constructor(options: GuardedStreamOptions) {
    super()
    this.dialect = options.dialect
    this.#idle = new IdleClock(options.clock, 'first-token', options.firstTokenMs, (error) => {
      if (error.clock === 'idle' && options.revive?.(error)) return true
      this.#source.interrupt(error)
      return false
    })
    this.#source = new BodySource(options.source, this.#idle)
    this.#release = options.release
    this.#onResponseId = options.onResponseId
    this.#onContent = options.onContent
    this.#room = new HeldRoom(options.held, options.maxBytes)
  }

  /**
   * Reads until the stream has content for the reader, or has proven that it is complete without content.
   * @throws StreamFaultError, TimeoutError, or the reason of an interruption; the connection is then closed
   */
  async hold(): Promise<void> {
    try {
      while (this.#isHeld() && !this.#hasContent) await this.#advance()
    } catch (error) {
      this.#end({ outcome: 'failure' }, asError(error))
      throw error
    }
    this.#recent = undefined
    this.#readyBytes = 0
    if (this.#isHeld()) {
      this.#state = 'flowing'
      this.#room.close()
    }
  }

  /** The start and the end of the text of a stream that failed without content. It may contain an error in any form. */
  get heldText(): string {
    return this.#recent?.text ?? ''
  }

  /** Passes the stream to its reader. From now on, pauses between contents are limited to `idleMs` milliseconds. */
  handOver(idleMs: number): void {
    this.#idle.restart('idle', idleMs)
    if (this.#state === 'ended') return
    this.#unreadTimer = setTimeout(() => {
      this.abort(new Error(`The stream was not read within ${UNREAD_MS} ms, so its connection was given up.`))
    }, UNREAD_MS)
    this.#unreadTimer.unref()
  }

  /** Returns the next bytes with the events in them; undefined at the end. */
  override async nextPiece(): Promise<StreamPiece | undefined> {
    while (this.#pending) await this.#pending
    clearTimeout(this.#unreadTimer)
    const reading = this.#read()
    this.#pending = reading.then(
      () => (this.#pending = undefined),
      () => (this.#pending = undefined),
    )
    return reading
  }

  /** Ends the stream because its reader stops reading: a success if the answer is proven complete, otherwise an abort. */
  override async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#ready.length = 0
    if (this.dialect.proven && !this.#pending) await this.#drain()
    else this.abort(stoppedReading())
    return { done: true, value: undefined }
  }

  /** Ends the stream because the caller ended the call. Pending and later reads reject with `reason`. */
  abort(reason: unknown): void {
    if (this.#state === 'ended') return
    const outcome = this.dialect.proven ? 'success' : 'aborted'
    this.#failure = reason
    this.#end({ outcome }, asError(reason))
    this.#source.interrupt(reason)
  }

  /** Ends the stream because the client was closed. The reader gets an error event, unless the answer is proven complete. */
  cut(reason: Error): void {
    if (this.#state === 'ended') return
    const { proven } = this.dialect
    const fault = asFault(reason)
    if (!proven) this.#ready.push(pieceOf(this.dialect.faultEvent(fault)))
    this.#end(proven ? { outcome: 'success' } : { outcome: 'aborted', fault }, fault)
    this.#source.interrupt(reason)
  }

  async #read(): Promise<StreamPiece | undefined> {
    try {
      while (this.#ready.length === 0 && this.#state === 'flowing') await this.#advance()
    } catch (error) {
      if (this.#failure === undefined && this.#state !== 'ended') this.#fail(error)
    }
    const piece = this.#ready.shift()
    if (piece) return piece
    if (this.#state === 'draining') await this.#drain()
    if (this.#failure !== undefined) throw asError(this.#failure)
    return undefined
  }

  /** Reads once from the body, and handles all events that have arrived. There can be several, for example after the process was busy. */
  async #advance(): Promise<void> {
    const result = await this.#source.next()
    if (result.done === true) this.#takeEnd()
    else this.#take(withMore(result.value, this.#source.chunks))
    if (this.#state === 'ended') return
    const room = this.#room.reserve(this.#readyBytes + this.#splitter.pendingBytes, this.#isHeld())
    if (!room) return
    await room
    if (this.#failure !== undefined) throw asError(this.#failure)
  }

  #take(chunk: Uint8Array): void {
    this.#recent?.add(chunk)
    const { bytes, events } = this.#splitter.push(chunk)
    if (events.length > 0) this.#takeEvents(bytes, events)
  }

  #takeEvents(bytes: Uint8Array, events: readonly SseEvent[]): void {
    const passing = new PassingEvents(bytes, events)
    try {
      for (const event of events) if (this.#judge(event, passing)) break
    } finally {
      const piece = passing.piece()
      if (piece) this.#ready.push(piece)
      if (piece && this.#isHeld()) this.#readyBytes += piece.bytes.length
    }
    const id = this.#onResponseId && this.dialect.responseId
    if (id === undefined) return
    this.#onResponseId?.(id)
    this.#onResponseId = undefined
  }

  /** Handles the end of the body. An event that lacks only its closing blank line is accepted; one that was cut off is a fault. */
  #takeEnd(): void {
    this.#source.hasEnded = true
    try {
      if (this.#splitter.pendingBytes > 0) this.#take(BLANK_LINES)
    } catch (error) {
      throw this.#isHeld() ? error : incomplete('The stream ended inside an event,')
    }
    if (!this.dialect.proven && !this.dialect.endsWithBody) throw incomplete('The stream ended')
    this.#end({ outcome: 'success' })
  }

  /** Handles one event. @returns true when all later events are to be ignored */
  #judge(event: SseEvent, passing: PassingEvents): boolean {
    let meaning
    try {
      meaning = this.dialect.read(event)
    } catch (error) {
      return this.#takeUnreadable(event, passing, error)
    }
    if (meaning === 'nothing') {
      if (
        isMisread(event) ||
        this.#source.hasEnded || // a fragment of an event
        (this.#isHeld() && !this.#room.keepsIdle(passing.sizeOf(event)))
      )
        passing.drop(event)
      else passing.pass(event)
      return false
    }
    if (meaning instanceof Error) {
      if (this.#isHeld()) throw meaning
      // The provider's own event is passed on if it is in a form that readers recognise as an error.
      if (this.dialect.isRaised(event)) passing.pass(event)
      else passing.replace(event, [pieceOf(this.dialect.faultEvent(meaning))])
      this.#end({ outcome: 'failure', fault: meaning }, meaning)
      return true
    }
    if (meaning === 'end' && !this.dialect.proven) throw incomplete('The provider declared its stream done')
    passing.passAs(event, this.dialect.asRead?.(event))
    if (meaning === 'content') {
      this.#hasContent = true
      this.#idle.content()
      this.#onContent?.()
    } else if (meaning === 'progress') {
      if (!this.#isHeld()) this.#idle.content()
    } else if (meaning === 'end') {
      this.#state = 'draining'
    }
    return meaning === 'end'
  }

  /**
   * Handles an event whose data is not one JSON object. If the data consists of several objects, each is handled like an event of its own.
   * Other data is a fault. After the stream is proven complete, such an event is dropped instead.
   */
  #takeUnreadable(event: SseEvent, passing: PassingEvents, error: unknown): boolean {
    const separate = separateEvents(event)
    if (separate) {
      for (const each of separate) if (this.#judge(each, passing)) return true
      return false
    }
    if (!this.dialect.proven) throw error
    passing.drop(event)
    return false
  }

  /** Ends the stream with an event that reports the fault. If it were thrown, the reader would lose the content before it. */
  #fail(error: unknown): void {
    if (TimeoutError.is(error) && this.dialect.proven) {
      this.#end({ outcome: 'success' }, error) // the answer is complete, but the provider keeps the connection open
      return
    }
    const fault = asFault(error)
    this.#ready.push(pieceOf(this.dialect.faultEvent(fault)))
    this.#end({ outcome: 'failure', fault }, fault)
  }

  async #drain(): Promise<void> {
    const late = await this.#source.drain(() => this.#state === 'ended')
    this.#end({ outcome: 'success' }, late)
  }

  #end(end: StreamEnd, releaseBecause?: Error): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#room.close()
    this.#idle.stop()
    clearTimeout(this.#unreadTimer)
    if (!this.#source.hasEnded && releaseBecause) {
      this.#release(releaseBecause)
      this.#source.close()
    }
    this.settle(end)
  }

  #isHeld(): boolean {
    return this.#state === 'held'
  }
}
