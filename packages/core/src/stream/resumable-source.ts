import { asFault } from './stream-fault.ts'
import { parseEvent } from '../protocols/shared/in-band-fault.ts'
import type { ResumeFormat, StreamPlace } from '../protocols/shared/resume-format.ts'
import type { StreamDialect } from '../protocols/shared/stream-dialect.ts'
import type { ChunkSource } from '../wire/chunks-of.ts'
import { isHollow, type SseEvent } from '../wire/sse-event.ts'
import { SseSplitter } from '../wire/sse-splitter.ts'

/** Requests the events after a place, after the connection ended with an error, or cleanly (`undefined`). */
export type Resume = (
  place: StreamPlace,
  error: unknown,
  /** Whether the connection that ended has brought an event that had not arrived before. */
  hasProgressed: boolean,
) => Promise<ChunkSource | undefined>

export interface ResumableSourceOptions {
  readonly source: ChunkSource
  /** A dialect that reads only for this source, to recognise the end of the answer. */
  readonly dialect: StreamDialect
  readonly format: ResumeFormat
  /** @returns the events after the place; undefined if the stream cannot be resumed */
  readonly resume: Resume
}

/** How a connection ended before the answer was complete. */
interface Cut {
  /** The error with which it ended; undefined after a clean end. */
  readonly error: unknown
  /** What arrived after the last good event. It is passed on only if the stream is not resumed. */
  readonly rest: Uint8Array
}

/**
 * The largest event that is buffered until it has arrived completely, in bytes. After a larger one, the stream is passed on as it is, and is not
 * resumed.
 */
const MAX_EVENT_BYTES = 4 * 1024 * 1024
const NONE = new Uint8Array(0)
const CR = new Uint8Array([13])

/**
 * The body of a stream that its provider has stored. If the connection ends before the answer is complete, the events after the last one are
 * requested again, so that the reader gets the bytes of an uninterrupted stream. The positions of the events prove it: an event that arrived
 * before is dropped, and a gap ends the stream as the broken connection would have.
 *
 *     reading ──proof, or an error of the provider──▶ passing on what follows
 *        │  ▲
 *       cut │ resumed
 *        ▼  │
 *     resuming ──refused──▶ the end of the broken connection
 */
export class ResumableSource implements ChunkSource {
  readonly #dialect: StreamDialect
  readonly #format: ResumeFormat
  readonly #resume: Resume
  #source: ChunkSource
  #splitter = new SseSplitter()
  /** The bytes of the event that has not arrived completely. */
  #unfinished: Uint8Array[] = []
  /** A CR at the end of the last chunk; otherwise empty. */
  #heldCR: Uint8Array = NONE
  #isPassing = false
  /** The cut that is not resumed yet. */
  #cut: Cut | undefined
  /** The cut after which the current connection was opened; undefined for the first connection. */
  #resumedAfter: Cut | undefined
  #isRefused = false
  #last = -1
  #resumedAt = -1
  #interrupt: ((reason: unknown) => void) | undefined

  constructor({ source, dialect, format, resume }: ResumableSourceOptions) {
    this.#source = source
    this.#dialect = dialect
    this.#format = format
    this.#resume = resume
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      if (this.#cut && !(await this.#resumed(this.#cut))) return this.#giveUp(this.#cut)
      if (this.#isPassing) return this.#source.next()
      const value = await this.#advance()
      if (value.length > 0) return { done: false, value }
    }
  }

  /** Called when no content has arrived for too long. @returns whether the stream is resumed, so that the reader goes on waiting */
  revive(stalled: Error): boolean {
    if (!this.#interrupt || this.#isPassing || this.#place() === undefined) return false
    this.#interrupt(asFault(stalled))
    return true
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#isPassing = true
    void this.#source.return?.().catch(() => undefined)
    return { done: true, value: undefined }
  }

  /** Reads once from the connection. @returns the bytes for the reader, which may be empty */
  async #advance(): Promise<Uint8Array> {
    let result
    try {
      result = await this.#read()
    } catch (error) {
      if (!this.#isPassing) this.#cut = { error, rest: NONE }
      return NONE
    }
    if (result.done !== true) return this.#take(this.#withCR(result.value))
    // An event that lacks only its closing blank line is requested again. If that fails, it is passed on as it is.
    this.#cut = { error: undefined, rest: Buffer.concat([...this.#unfinished, this.#heldCR]) }
    return NONE
  }

  #read(): Promise<IteratorResult<Uint8Array>> {
    return new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
      this.#interrupt = reject
      this.#source.next().then(resolve, reject)
    }).finally(() => (this.#interrupt = undefined))
  }

  /** Adds the CR that was held back, and holds one back at the end: with the LF after it, it is one line end, which is never cut in two. */
  #withCR(chunk: Uint8Array): Uint8Array {
    const whole = this.#heldCR.length > 0 ? Buffer.concat([this.#heldCR, chunk]) : chunk
    const endsInCR = whole.at(-1) === CR[0]
    this.#heldCR = endsInCR ? CR : NONE
    return endsInCR ? whole.subarray(0, -1) : whole
  }

  #take(chunk: Uint8Array): Uint8Array {
    this.#unfinished.push(chunk)
    const { bytes, events } = this.#splitter.push(chunk)
    const { pendingBytes } = this.#splitter
    if (pendingBytes > MAX_EVENT_BYTES) this.#isPassing = true
    if (events.length === 0)
      return this.#isPassing ? Buffer.concat([...this.#unfinished, this.#heldCR]) : NONE
    this.#unfinished = pendingBytes > 0 ? [chunk.subarray(chunk.length - pendingBytes)] : []
    const passed: Uint8Array[] = []
    let from = 0
    for (const event of events) {
      const verdict = this.#judge(event)
      if (verdict === 'cut') {
        const rest = Buffer.concat([bytes.subarray(from), ...this.#unfinished, this.#heldCR])
        this.#cut = this.#isRefused ? this.#resumedAfter : { error: undefined, rest }
        break
      }
      if (verdict === 'pass') passed.push(bytes.subarray(from, event.end))
      from = event.end
      if (this.#isPassing) {
        passed.push(bytes.subarray(from), ...this.#unfinished, this.#heldCR)
        break
      }
    }
    return passed.length === 1 ? (passed[0] ?? NONE) : Buffer.concat(passed)
  }

  /** Decides about an event: whether it is passed on or has arrived before, or whether the connection counts as cut there. */
  #judge(event: SseEvent): 'pass' | 'drop' | 'cut' {
    if (isHollow(event)) return 'pass'
    const at = this.#positionOf(event)
    if (this.#resumedAfter && at !== undefined && at <= this.#last) return 'drop'
    const meaning = this.#meaningOf(event)
    if (meaning === undefined) return 'cut'
    if (this.#resumedAfter && meaning !== 'nothing' && at !== this.#last + 1) {
      this.#isRefused = true
      return 'cut'
    }
    if (at !== undefined && at > this.#last) this.#last = at
    if (meaning instanceof Error || this.#dialect.proven) this.#isPassing = true
    else if (meaning === 'end') return 'cut' // `[DONE]` proves nothing
    return 'pass'
  }

  #positionOf(event: SseEvent): number | undefined {
    try {
      return this.#format.positionOf(parseEvent(event))
    } catch {
      return undefined
    }
  }

  #meaningOf(event: SseEvent): ReturnType<StreamDialect['read']> | undefined {
    try {
      return this.#dialect.read(event)
    } catch {
      return undefined
    }
  }

  #place(): StreamPlace | undefined {
    const { responseId: id } = this.#dialect
    return id === undefined || this.#last < 0 ? undefined : { id, after: this.#last }
  }

  async #resumed(cut: Cut): Promise<boolean> {
    const place = this.#place()
    if (place === undefined || this.#isRefused) return false
    const source = await this.#resume(place, cut.error, place.after > this.#resumedAt)
    if (!source) return false
    this.#source = source
    this.#splitter = new SseSplitter()
    this.#unfinished = []
    this.#heldCR = NONE
    this.#resumedAt = place.after
    this.#resumedAfter = cut
    this.#cut = undefined
    return true
  }

  /** Ends the stream as the connection ended that could not be resumed. */
  async #giveUp({ error, rest }: Cut): Promise<IteratorResult<Uint8Array>> {
    this.#cut = undefined
    this.#isPassing = true
    this.#source = endingWith(error)
    return rest.length > 0 ? { done: false, value: rest } : this.#source.next()
  }
}

/** A source that has ended with an error, or cleanly (`undefined`). */
function endingWith(error: unknown): ChunkSource {
  return {
    async next() {
      if (error !== undefined) throw asFault(error)
      return { done: true, value: undefined }
    },
  }
}
