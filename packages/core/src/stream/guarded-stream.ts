import type { Clock } from '@harbor/retry'
import { StreamFaultError, TimeoutError } from '../errors.ts'
import type { StreamEnd } from '../call/exchange.ts'
import type { JsonBody } from '../wire/operation.ts'
import type { FaultEvent, StreamDialect } from './dialect.ts'
import type { ChunkSource } from './chunks-of.ts'
import { IdleClock } from './idle-clock.ts'
import { SseSplitter, type SseEvent } from './sse-splitter.ts'
import { asError, asFault, brokenConnection, incomplete } from './stream-fault.ts'

export interface GuardedStreamOptions {
  readonly source: ChunkSource
  readonly dialect: StreamDialect
  readonly clock: Clock
  /** How long the first content may take, in milliseconds. */
  readonly firstTokenMs: number
  /** Gives the connection up; called at most once, and not after the body has ended by itself. */
  readonly release: (reason: Error) => void
}

/** What is left behind a proven end is read for this long, so that the connection can be used again. */
const DRAIN_MS = 250
/** A stream that nobody begins to read gives its connection back after this long. */
const UNREAD_MS = 300_000
/** No event of a sane provider is larger; a body without line ends would otherwise fill the memory. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024
const BLANK_LINES = new TextEncoder().encode('\n\n')

/** What a reader gets at once: bytes as they came, and the events in them. */
export interface StreamPiece {
  readonly bytes: Uint8Array
  readonly events: readonly ReadEvent[]
}

/** A stream whose events are read on their way. */
export interface StreamPieces {
  readonly dialect: StreamDialect
  /** The next bytes together with the events in them; undefined is the end. */
  nextPiece(): Promise<StreamPiece | undefined>
}

export interface ReadEvent {
  readonly name: string | undefined
  /** Undefined for events without data, for `[DONE]`, and for what came after the end. */
  readonly json?: JsonBody | undefined
}

/**
 * A stream of server-sent events that is never taken for complete unless it proves it.
 *
 *     held ──content or proof──▶ flowing ──proof, then the end──▶ ended (success)
 *      │                           │  └──── fault ──▶ told in band ──▶ ended (failure)
 *      └── fault: thrown           └─────── reader or caller leaves ─▶ ended (aborted)
 *
 * While it is held nothing has reached the reader, so a fault is an ordinary failed attempt. Only whole events
 * are passed on, byte for byte as they came.
 */
export class GuardedStream implements AsyncIterableIterator<Uint8Array>, StreamPieces {
  /** Resolves when the stream has ended, however it did; never rejects. */
  readonly ended: Promise<StreamEnd>
  readonly dialect: StreamDialect
  readonly #source: ChunkSource
  readonly #idle: IdleClock
  readonly #release: (reason: Error) => void
  readonly #splitter = new SseSplitter()
  readonly #ready: StreamPiece[] = []
  readonly #settle: (end: StreamEnd) => void
  #state: 'held' | 'flowing' | 'draining' | 'ended' = 'held'
  #hasContent = false
  #bodyEnded = false
  #failure: unknown
  #pending: Promise<unknown> | undefined
  #interrupt: ((reason: unknown) => void) | undefined
  #unreadTimer: ReturnType<typeof setTimeout> | undefined

  constructor(options: GuardedStreamOptions) {
    this.#source = options.source
    this.dialect = options.dialect
    this.#idle = new IdleClock(options.clock, 'first-token', options.firstTokenMs, (error) => {
      this.#interrupt?.(error)
    })
    this.#release = options.release
    const { promise, resolve } = Promise.withResolvers<StreamEnd>()
    this.ended = promise
    this.#settle = resolve
  }

  /**
   * Reads on until the stream has something to give, or has proven that it is complete without.
   * @throws StreamFaultError, TimeoutError, or the reason of an interruption; the connection is given up then
   */
  async hold(): Promise<void> {
    try {
      while (this.#isHeld() && !this.#hasContent) await this.#advance()
    } catch (error) {
      this.#end({ outcome: 'failure' }, asError(error))
      throw error
    }
    if (this.#isHeld()) this.#state = 'flowing'
  }

  /** From here on a reader is expected, and `idle` measures the pauses between contents. */
  handOver(idleMs: number): void {
    this.#idle.restart('idle', idleMs)
    if (this.#state === 'ended') return
    this.#unreadTimer = setTimeout(() => {
      this.abort(new Error(`Nobody read the stream within ${UNREAD_MS} ms, so its connection was given up.`))
    }, UNREAD_MS)
    this.#unreadTimer.unref()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** @throws the reason of `abort()`, when the caller left while this waited */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const piece = await this.nextPiece()
    return piece ? { done: false, value: piece.bytes } : { done: true, value: undefined }
  }

  /** The same for a reader of events. Undefined is the end. */
  async nextPiece(): Promise<StreamPiece | undefined> {
    while (this.#pending) await this.#pending
    clearTimeout(this.#unreadTimer)
    const reading = this.#read()
    this.#pending = reading.then(
      () => (this.#pending = undefined),
      () => (this.#pending = undefined),
    )
    return reading
  }

  /** The reader leaves. What proof already covers is success; the connection is kept if its end is near. */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#ready.length = 0
    if (this.dialect.proven && !this.#pending) await this.#drain()
    else this.abort(new Error('The reader of the stream left before its end.'))
    return { done: true, value: undefined }
  }

  /** The caller leaves: pending and later reads reject with `reason`. */
  abort(reason: unknown): void {
    if (this.#state === 'ended') return
    const outcome = this.dialect.proven ? 'success' : 'aborted'
    this.#failure = reason
    this.#end({ outcome }, asError(reason))
    this.#interrupt?.(reason)
  }

  async #read(): Promise<StreamPiece | undefined> {
    try {
      while (this.#ready.length === 0 && this.#state === 'flowing') await this.#advance()
    } catch (error) {
      if (this.#failure === undefined) this.#fail(error)
    }
    const piece = this.#ready.shift()
    if (piece) return piece
    if (this.#state === 'draining') await this.#drain()
    if (this.#failure !== undefined) throw asError(this.#failure)
    return undefined
  }

  /** One read from the wire, judged: all that it has brought, which is more than one event when the process is busy. */
  async #advance(): Promise<void> {
    const result = await this.#nextChunk()
    if (result.done !== true) this.#take(withMore(result.value, this.#source))
    else this.#takeEnd()
  }

  async #nextChunk(): Promise<IteratorResult<Uint8Array>> {
    this.#idle.waiting()
    try {
      return await new Promise((resolve, reject) => {
        this.#interrupt = reject
        this.#source.next().then(resolve, (cause: unknown) => {
          reject(brokenConnection(cause))
        })
      })
    } finally {
      this.#interrupt = undefined
      this.#idle.done()
    }
  }

  #take(chunk: Uint8Array): void {
    const { bytes, events } = this.#splitter.push(chunk)
    if (this.#splitter.pendingBytes > MAX_EVENT_BYTES) {
      throw new StreamFaultError(
        'stream_malformed',
        `The stream sent an event of over ${MAX_EVENT_BYTES} bytes.`,
      )
    }
    let passed = 0
    try {
      for (const event of events) {
        const ends = this.#judge(event)
        passed = event.end
        if (ends) break
      }
    } finally {
      if (passed > 0) this.#ready.push({ bytes: bytes.subarray(0, passed), events })
    }
  }

  /** The body ended in order. A last event may lack its blank line; a cut one will not parse. */
  #takeEnd(): void {
    this.#bodyEnded = true
    if (this.#splitter.pendingBytes > 0) this.#takeRest()
    if (!this.dialect.proven) throw incomplete('The stream ended')
    this.#end({ outcome: 'success' })
  }

  #takeRest(): void {
    try {
      this.#take(BLANK_LINES)
    } catch (error) {
      throw this.#isHeld() ? error : incomplete('The stream ended inside an event,')
    }
  }

  /** @returns true when nothing that follows is for the reader */
  #judge(event: SseEvent): boolean {
    const meaning = this.dialect.read(event)
    if (meaning === 'quiet') return false
    if (meaning === 'content') {
      this.#hasContent = true
      this.#idle.content()
      return false
    }
    if (meaning === 'end') {
      if (!this.dialect.proven) throw incomplete('The provider declared its stream done')
      this.#state = 'draining'
      return true
    }
    if (this.#isHeld()) throw meaning
    this.#end({ outcome: 'failure', fault: meaning }, meaning) // the provider's own event tells the reader
    return true
  }

  /** Says in band what happened, after everything that had come: an error thrown here would discard it. */
  #fail(error: unknown): void {
    if (TimeoutError.is(error) && this.dialect.proven) {
      this.#end({ outcome: 'success' }, error) // complete, but the provider does not hang up
      return
    }
    const fault = asFault(error)
    this.#ready.push(pieceOf(this.dialect.faultEvent(fault)))
    this.#end({ outcome: 'failure', fault }, fault)
  }

  async #drain(): Promise<void> {
    const timer = setTimeout(() => {
      this.#interrupt?.(new Error('The provider kept its stream open after its end.'))
    }, DRAIN_MS)
    timer.unref()
    let late: Error | undefined
    try {
      while (!this.#bodyEnded && this.#state !== 'ended') {
        this.#bodyEnded = (await this.#nextChunk()).done === true
      }
    } catch (error) {
      late = asError(error)
    } finally {
      clearTimeout(timer)
    }
    this.#end({ outcome: 'success' }, late)
  }

  #end(end: StreamEnd, releaseBecause?: Error): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#idle.stop()
    clearTimeout(this.#unreadTimer)
    if (!this.#bodyEnded && releaseBecause) {
      this.#release(releaseBecause)
      void this.#source.return?.().catch(() => undefined)
    }
    this.#settle(end)
  }

  #isHeld(): boolean {
    return this.#state === 'held'
  }
}

/** An event of our own, as it is sent. */
export function pieceOf({ name, json }: FaultEvent): StreamPiece {
  const text = `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(json)}\n\n`
  return { bytes: new TextEncoder().encode(text), events: [{ name, json }] }
}

function withMore(first: Uint8Array, source: ChunkSource): Uint8Array {
  const second = source.take?.()
  if (!second) return first
  const chunks = [first, second]
  for (let more = source.take?.(); more; more = source.take?.()) chunks.push(more)
  return Buffer.concat(chunks)
}
