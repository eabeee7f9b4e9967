import { after } from '../base/after.ts'
import type { CacheParts } from '../cache-parts.ts'
import type { StreamOptions } from '../call-options.ts'
import type { Asked, Kind, Landed } from '../loads/calls.ts'
import { keepBrought } from '../loads/store-loaded.ts'
import type { Acceptance, Work } from '../flight/load-request.ts'
import { SHARED, type Kept, type Outcome } from '../outcome.ts'
import { isReadable, type Entry } from '../tiers/entry.ts'
import { newEntry } from '../tiers/new-entry.ts'
import { Decision, type WorkContext } from '../loads/keep-decision.ts'
import { Reader, type Body } from './reader.ts'
import { Recording } from './recording.ts'
import { Replay } from './replay.ts'
import { WholeText } from './whole-text.ts'

/** An answer that is to be recorded. */
export interface Source<Head> {
  /** What is known before the body: status, headers. JSON must be able to carry it. */
  readonly head: Head
  /**
   * Read once, at the pace of the fastest caller; its chunks must not change afterwards. A text is whole, so that it is kept at once,
   * unless the work was told to `refuse` it: `isComplete` is not asked.
   */
  readonly body: AsyncIterable<Uint8Array> | string
}

export type Open<Head> = (context: WorkContext) => Source<Head> | PromiseLike<Source<Head>>

/** The answer of one call, and how it came about. */
export interface Recorded<Head> extends Outcome {
  readonly head: Head
  readonly body: Body
  /** Resolves, when the body has ended, with whether the cache holds it, or why not. Never rejects. */
  readonly kept: Promise<Kept>
}

/** An answer that is just being recorded. */
export interface FreshRecording {
  readonly head: unknown
  /** As it is kept; undefined if it cannot be. */
  readonly headJson: string | undefined
  readonly body: Recording | string
  readonly kept: Promise<Kept>
}

/** When all is there, the end of the source is waited for so long after the last reader has left, as readers leave at `[DONE]`. */
const DRAIN_MS = 250
const MAX_RECORD_BYTES = 4_194_304
const ALREADY_KEPT: Promise<Kept> = /* @__PURE__ */ Promise.resolve(true)

/** Recorded answers: how they are opened, recorded, kept and handed out. */
export class Streams {
  readonly #parts: CacheParts

  constructor(parts: CacheParts) {
    this.#parts = parts
  }

  /** @param isUsable what a caller says of an entry that may have another writer */
  acceptsBy(isUsable: StreamOptions['isUsable']): (entry: Entry) => Acceptance {
    return (entry) => {
      if (entry.head === undefined) return 'other-kind'
      return isReadable(entry, (read) => this.#canRead(read, isUsable)) ? 'accepted' : 'unreadable'
    }
  }

  #canRead({ head, payload }: Entry, isUsable: StreamOptions['isUsable']): boolean {
    try {
      if (isUsable?.(parse(head ?? 'null'), payload) ?? true) return true
    } catch (error) {
      this.#parts.settings.onError(error)
    }
    this.#parts.counters.far.unreadable++
    return false
  }

  kind(open: Open<unknown>, { isUsable }: StreamOptions): Kind<FreshRecording, StreamOptions> {
    return { accepts: this.acceptsBy(isUsable), bring: (work, asked) => this.#bring(work, asked, open) }
  }

  /** Asks the origin for an answer; from its head on, the body is recorded. */
  async #bring(
    work: Work<FreshRecording>,
    asked: Asked<StreamOptions>,
    open: Open<unknown>,
  ): Promise<FreshRecording> {
    const decision = new Decision(asked.key, work, asked.options, this.#parts.settings.onError)
    const { head, body } = await open(decision)
    const headJson = this.#headJson(head, decision)
    if (typeof body !== 'string') return this.#record(work, asked, decision, body, head, headJson)
    work.flight.signal.throwIfAborted()
    const kept = Promise.resolve(this.#keep(work, asked, decision, headJson, body))
    work.end()
    return { head, headJson, body, kept }
  }

  #record(
    work: Work<FreshRecording>,
    asked: Asked<StreamOptions>,
    decision: Decision<FreshRecording>,
    body: AsyncIterable<Uint8Array>,
    head: unknown,
    headJson: string | undefined,
  ): FreshRecording {
    const { flight, purpose } = work
    const { options } = asked
    const { promise: kept, resolve } = Promise.withResolvers<Kept>()
    const maxBytes = purpose === 'bypass' ? 0 : (options.maxRecordBytes ?? MAX_RECORD_BYTES)
    const recording = new Recording(body, maxBytes, {
      ended: (chunks) => {
        resolve(this.#keep(work, asked, decision, headJson, chunks))
        work.end()
      },
      failed: () => {
        resolve(this.#parts.tiers.refuse(flight.signal.aborted ? 'aborted' : 'failed'))
        work.end()
      },
      outgrown: () => work.unlist(),
    })
    flight.whenEmpty = (reason) => this.#deserted(work, recording, options, reason)
    // Aborted before, or from now on: the source is left either way.
    flight.afterwards(() => {
      if (flight.signal.aborted) recording.stop(flight.signal.reason)
    })
    flight.signal.throwIfAborted()
    if (purpose === 'refresh') void recording.finish()
    return { head, headJson, body: recording, kept }
  }

  /** The last reader has left. */
  #deserted(
    { flight }: Work<FreshRecording>,
    recording: Recording,
    { onLastReaderGone, isComplete }: StreamOptions,
    reason: unknown,
  ): void {
    const { chunks } = recording
    const finish = onLastReaderGone === 'finish'
    if (!chunks || !(finish || (isComplete && this.#verdict(isComplete, chunks) === true))) {
      flight.abort(reason)
      return
    }
    const { refreshTimeoutMs } = this.#parts.settings
    const waitMs = finish ? refreshTimeoutMs : DRAIN_MS
    const stop = after(waitMs, () => {
      if (flight.waiting === 0) flight.abort(reason)
    })
    flight.afterwards(stop)
    void this.#drain(flight, recording, reason)
  }

  /** Reads on as long as nobody else does, and what comes can still be kept. */
  async #drain(flight: Work<FreshRecording>['flight'], recording: Recording, reason: unknown): Promise<void> {
    while (flight.waiting === 0 && recording.state === 'open') {
      await recording.more()
      if (!recording.chunks) flight.abort(reason)
    }
  }

  #keep(
    work: Work<FreshRecording>,
    { options }: Asked<StreamOptions>,
    decision: Decision<FreshRecording>,
    head: string | undefined,
    body: readonly Uint8Array[] | string | undefined,
  ): Kept {
    const { tiers, settings } = this.#parts
    if (decision.kept !== true) return tiers.refuse(decision.kept)
    if (body === undefined || isLonger(body, options.maxRecordBytes ?? MAX_RECORD_BYTES))
      return tiers.refuse('too-large')
    const isText = typeof body === 'string'
    const verdict = isText || !options.isComplete ? true : this.#verdict(options.isComplete, body)
    if (verdict !== true) return tiers.refuse(verdict)
    const content = { payload: isText ? body : concat(body), encoded: false }
    const entry = newEntry(settings, content, decision.options, work.bornAt, head)
    return keepBrought(this.#parts, work, entry)
  }

  #verdict(isComplete: NonNullable<StreamOptions['isComplete']>, chunks: readonly Uint8Array[]): Kept {
    try {
      const verdict = isComplete(chunks)
      return verdict === false ? 'incomplete' : verdict
    } catch (error) {
      this.#parts.settings.onError(error)
      return 'incomplete'
    }
  }

  #headJson(head: unknown, decision: Decision<FreshRecording>): string | undefined {
    try {
      // Undefined, as a function is too, has no JSON.
      const json: unknown = JSON.stringify(head)
      return typeof json === 'string' ? json : 'null'
    } catch (error) {
      this.#parts.settings.onError(error)
      decision.refuse('unencodable')
      return undefined
    }
  }

  /** What one of those who waited gets: each a body of his own. */
  handOut({ landing, seat, joined }: Landed<FreshRecording>): Recorded<unknown> {
    if (landing.entry) return { ...landing.outcome, ...this.replay(landing.entry) }
    const { head, headJson, body: content, kept } = landing.fresh
    const body = typeof content === 'string' ? new WholeText(content) : readerOf(content, seat)
    if (!joined) return { ...landing.outcome, head, body, kept }
    return { ...SHARED, head: headJson === undefined ? head : parse(headJson), body, kept }
  }

  replay({ head, payload }: Entry): Pick<Recorded<unknown>, 'head' | 'body' | 'kept'> {
    const body = typeof payload === 'string' ? new WholeText(payload) : new Replay(payload)
    return { head: parse(head ?? 'null'), body, kept: ALREADY_KEPT }
  }
}

function readerOf(recording: Recording, seat: Landed<FreshRecording>['seat']): Reader {
  const body = new Reader(recording, (reason) => seat?.leave(reason))
  if (seat) seat.whenLeft = (reason) => body.stop(reason)
  return body
}

/** Chunks were counted as they came; what is more than the limit of them is not there. */
function isLonger(body: readonly Uint8Array[] | string, maxBytes: number): boolean {
  if (typeof body !== 'string' || 3 * body.length <= maxBytes) return false
  return body.length > maxBytes || new TextEncoder().encode(body).length > maxBytes
}

const parse = (json: string): unknown => JSON.parse(json) as unknown

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const chunk of chunks) length += chunk.byteLength
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}
