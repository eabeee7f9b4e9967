import type { StreamBody, StreamEnd } from '../call/exchange.ts'
import type { JsonBody } from '../base/json.ts'
import type { AnswerReader, ContinuationFormat } from '../protocols/shared/continuation-format.ts'
import type {
  ReadEvent,
  StreamDialect,
  StreamPiece,
  StreamPieces,
} from '../protocols/shared/stream-dialect.ts'
import { textTokens } from '../tokens/text-tokens.ts'
import { DONE, type SseEvent } from '../wire/sse-event.ts'
import { PieceStream, stoppedReading } from './piece-stream.ts'
import { isData, Splice } from './splice.ts'
import { pieceOf } from './stream-piece.ts'

/** The body of a stream whose events Harbor has parsed. */
export type ParsedBody = StreamBody & { readonly pieces: StreamPieces }

export interface ContinuedStreamOptions {
  readonly body: ParsedBody
  readonly format: ContinuationFormat
  /** The maximum number of tokens of a continuation that are read until it fits, an estimate. */
  readonly maxBridgeTokens: number
  /** Requests the continuation of a text. @returns undefined if there is none */
  readonly request: (sent: string, signal: AbortSignal) => Promise<ParsedBody | undefined>
  /** Called at the end with all bodies that were read, those of continuations that did not fit included. Returns the end of the whole stream. */
  readonly settle: (read: readonly ReadBody[], last: StreamEnd) => StreamEnd
}

/** A body that was read, and how it ended. */
export interface ReadBody {
  readonly body: StreamBody
  readonly end: StreamEnd
}

/** A continuation that fits. */
interface Begun {
  readonly name: string | undefined
  /** The event with the first new character. */
  readonly json: JsonBody
  /** The new text of this event. */
  readonly text: string
  /** Has read everything up to this event. */
  readonly reader: AnswerReader
  /** The events after it that have arrived. */
  readonly rest: readonly ReadEvent[]
}

/** The maximum length of an answer that is continued, in characters. The text of a longer one is not remembered. */
const MAX_SENT_LENGTH = 1_000_000
/** The comment in the stream that shows where the answer was continued. */
const SEAM = new TextEncoder().encode(': harbor: continued\n\n')

/**
 * A stream that another request continues when it breaks. The continuation is buffered until it shows that it begins with what was sent before. If
 * it does not, the stream ends with the error of the broken one. Only plain text is continued.
 */
export class ContinuedStream extends PieceStream {
  /** The dialect of the body that is being read. */
  override readonly dialect: StreamDialect = currentDialect(() => this.#body.pieces.dialect)
  readonly #options: ContinuedStreamOptions
  readonly #read: ReadBody[] = []
  readonly #controller = new AbortController()
  #body: ParsedBody
  #sent = ''
  #hasOther = false
  #reader: AnswerReader
  /** The last event with text of the first answer. */
  #last: JsonBody = {}
  /** The first event of the continuation. */
  #first: JsonBody = {}
  #isJoined = false
  #isContinuing = false
  #isOver = false
  #reading: Promise<unknown> = Promise.resolve()

  constructor(options: ContinuedStreamOptions) {
    super()
    this.#options = options
    this.#body = options.body
    this.#reader = options.format.newReader()
    this.#watch(options.body)
  }

  override nextPiece(): Promise<StreamPiece | undefined> {
    const reading = this.#reading.then(() => this.#nextPiece())
    this.#reading = reading.catch(() => undefined)
    return reading
  }

  override async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#isContinuing) this.abandon(stoppedReading())
    else {
      await this.#body.chunks[Symbol.asyncIterator]().return?.()
      await this.#finish()
    }
    return { done: true, value: undefined }
  }

  abandon(reason: Error): void {
    this.#controller.abort(reason)
    this.#body.abandon(reason)
    // While a continuation is requested or read, its end is awaited.
    if (!this.#isContinuing) void this.#finish()
  }

  async #nextPiece(): Promise<StreamPiece | undefined> {
    try {
      const piece = await this.#body.pieces.nextPiece()
      if (!piece) {
        await this.#finish()
        return undefined
      }
      if (!this.#hasFault(piece)) return this.#isJoined ? this.#joined(piece.events) : this.#noted(piece)
      const { outcome, fault } = await this.#body.ended
      const isBroken = outcome === 'failure' && fault?.origin === 'harbor'
      // After the proof of the end nothing is missing from the answer but the end of its connection.
      if (isBroken && this.dialect.proven) {
        await this.#finish('success')
        return undefined
      }
      const joined = isBroken ? await this.#continued() : undefined
      this.#controller.signal.throwIfAborted()
      return joined ?? piece
    } catch (error) {
      await this.#finish(this.#isContinuing ? 'aborted' : undefined)
      throw error
    } finally {
      this.#isContinuing = false
    }
  }

  /** Ends the stream with a body that ends while it is not read. A body that fails is read, and may be continued. */
  #watch(body: StreamBody): void {
    void body.ended.then(({ outcome }) => {
      if (outcome !== 'failure' && body === this.#body) void this.#finish()
    })
  }

  #hasFault({ events }: StreamPiece): boolean {
    const last = events.at(-1)
    return last?.json !== undefined && this.dialect.faultIn(last.name, last.json) !== undefined
  }

  /** Remembers what the events of the first stream have sent. */
  #noted(piece: StreamPiece): StreamPiece {
    for (const { json } of piece.events) {
      if (!json) continue
      this.#note(json)
    }
    return piece
  }

  /** @returns the text of the event */
  #note(json: JsonBody): string {
    const { text, hasOther } = this.#reader.read(json)
    if (text !== '' && !this.#isJoined) this.#last = json
    if (hasOther || this.#sent.length > MAX_SENT_LENGTH) this.#hasOther = true
    this.#sent = this.#hasOther ? '' : this.#sent + text
    return text
  }

  /** Requests the continuation, and reads it until it fits. @returns its first part for the reader; undefined if there is none that fits */
  async #continued(): Promise<StreamPiece | undefined> {
    if (this.#hasOther || this.#sent === '' || isData(this.#sent)) return undefined
    this.#isContinuing = true
    const { signal } = this.#controller
    const body = await this.#options.request(this.#sent, signal)
    if (!body) return undefined
    let begun: Begun | undefined
    try {
      begun = await this.#bridge(body)
    } finally {
      if (!begun) {
        body.abandon(new Error('The continuation does not fit to what was sent.'))
        this.#read.push({ body, end: await body.ended })
      }
    }
    if (!begun) return undefined
    const { name, json, text, reader, rest } = begun
    this.#read.push({ body: this.#body, end: await this.#body.ended })
    this.#body = body
    this.#watch(body)
    this.#isJoined = true
    this.#reader = reader
    this.#first = json
    this.#sent += text
    const first = pieceOf({ name, json: this.#options.format.joined(json, this.#last, json, text) })
    const more = this.#joined(rest)
    return {
      bytes: Buffer.concat([SEAM, first.bytes, more.bytes]),
      events: [...first.events, ...more.events],
    }
  }

  /** Reads a continuation until it fits. */
  async #bridge({ pieces }: ParsedBody): Promise<Begun | undefined> {
    const { format, maxBridgeTokens } = this.#options
    const splice = new Splice(this.#sent)
    const reader = format.newReader()
    let all = ''
    for (let piece = await pieces.nextPiece(); piece; piece = await pieces.nextPiece()) {
      if (this.#hasFault(piece)) return undefined
      for (const [index, { name, json }] of piece.events.entries()) {
        if (!json) continue
        const { text, hasOther, isEnd } = reader.read(json)
        if (hasOther) return undefined
        if (text === '' && !isEnd) continue
        all += text
        const overlap = splice.add(text, isEnd)
        if (overlap === 'no' || textTokens(all.slice(0, overlap)) > maxBridgeTokens) return undefined
        if (overlap !== undefined)
          return { name, json, text: all.slice(overlap), reader, rest: piece.events.slice(index + 1) }
      }
    }
    return undefined
  }

  /** Makes the events of a continuation a part of the first answer. */
  #joined(events: readonly ReadEvent[]): StreamPiece {
    const pieces = events.flatMap((event) => {
      const { name, json } = event
      if (!json) return (event as Partial<SseEvent>).data === DONE ? [END] : []
      const text = this.#note(json)
      return [pieceOf({ name, json: this.#options.format.joined(json, this.#last, this.#first, text) })]
    })
    return {
      bytes: Buffer.concat(pieces.map(({ bytes }) => bytes)),
      events: pieces.flatMap((piece) => piece.events),
    }
  }

  /** @param outcome of the whole stream, if it is not that of its last body */
  async #finish(outcome?: StreamEnd['outcome']): Promise<void> {
    const body = this.#body
    const end = await body.ended
    if (this.#isOver) return
    this.#isOver = true
    const { fault: _ofBody, ...known } = end
    const last = outcome ? { ...known, outcome } : end
    this.settle(this.#options.settle([...this.#read, { body, end }], last))
  }
}

const END: StreamPiece = {
  bytes: new TextEncoder().encode(`data: ${DONE}\n\n`),
  events: [{ name: undefined }],
}

/** A dialect that is always the current one. */
function currentDialect(current: () => StreamDialect): StreamDialect {
  return {
    read: (event) => current().read(event),
    get proven() {
      return current().proven
    },
    get responseId() {
      return current().responseId
    },
    get delivery() {
      return current().delivery
    },
    get finishReasons() {
      return current().finishReasons
    },
    faultIn: (name, data) => current().faultIn(name, data),
    isRaised: (event) => current().isRaised(event),
    faultEvent: (fault) => current().faultEvent(fault),
  }
}
