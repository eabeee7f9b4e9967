import { after } from '../base/wait-for.ts'
import type { CacheParts } from '../cache-parts.ts'
import type { StreamOptions } from '../call-options.ts'
import type { Acceptance, RunningLoad } from '../flight/load-request.ts'
import type { CallResult, LoadCall, LoadKind } from '../loads/calls.ts'
import { KeepDecision, type WorkContext } from '../loads/keep-decision.ts'
import { storeLoaded } from '../loads/store-loaded.ts'
import { SHARED, type Stored, type Outcome } from '../outcome.ts'
import { isReadable, newEntry, type Entry } from '../tiers/entry.ts'
import { Reader, type Body } from './reader.ts'
import { Recording } from './recording.ts'
import { Replay, TextBody } from './replay.ts'

/** An answer to record, as the caller's `open` function returns it. */
export interface Source<Head> {
  /** The part of the answer that is known before the body, such as status and headers. Must be a JSON value. */
  readonly head: Head
  /**
   * The body. Its chunks are read once, at the pace of the fastest caller, and must not be changed afterwards. A string is a complete body:
   * it is cached at once, without a call of `isComplete`, unless `context.refuse()` was called.
   */
  readonly body: AsyncIterable<Uint8Array> | string
  /** Any value that describes the load. It is passed to all callers that share the load, and is never stored. */
  readonly origin?: unknown
}

/** Opens the source of an answer to record. Returns when the head is known. If it throws, the waiting calls reject with the error. */
export type Open<Head> = (context: WorkContext) => Source<Head> | PromiseLike<Source<Head>>

/** The answer that a call returns, and how the call was answered. */
export interface Recorded<Head> extends Outcome {
  /** The head as the source returned it, or as it was cached. */
  readonly head: Head
  /** The body for this caller alone: an iterator of bytes. Read it to its end or `cancel()` it. */
  readonly body: Body
  /** Resolves when the body has ended. The value is `true` if the answer is cached, otherwise the reason why not. Never rejects. */
  readonly stored: Promise<Stored>
  /** The `origin` of the load that answered the call; undefined for an answer from the cache. */
  readonly origin?: unknown
}

/** An answer that is being recorded. */
export interface FreshRecording {
  readonly head: unknown
  /** The head as JSON; undefined if JSON cannot represent it. */
  readonly headJson: string | undefined
  readonly body: Recording | string
  readonly stored: Promise<Stored>
  readonly origin: unknown
}

/**
 * The maximum time for which a complete answer is still read after its last reader has left, in milliseconds. This is needed because
 * readers of an event stream leave at `[DONE]`, before the body ends, and only a body that has ended is cached.
 */
const DRAIN_MS = 250
const MAX_RECORD_BYTES = 4_194_304
const ALREADY_STORED: Promise<Stored> = /* @__PURE__ */ Promise.resolve(true)

/** Opens, records, stores and returns recorded answers. */
export class Streams {
  readonly #parts: CacheParts

  constructor(parts: CacheParts) {
    this.#parts = parts
  }

  /**
   * Returns a function that decides whether a cached entry can be served as a recorded answer.
   * @param isUsable checks an entry that another program or version may have written
   */
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

  kind(open: Open<unknown>, { isUsable }: StreamOptions): LoadKind<FreshRecording, StreamOptions> {
    return { accepts: this.acceptsBy(isUsable), load: (running, call) => this.#load(running, call, open) }
  }

  /** Calls `open`, and resolves when the head of the answer has arrived. From then on, the body is recorded. */
  async #load(
    running: RunningLoad<FreshRecording>,
    call: LoadCall<StreamOptions>,
    open: Open<unknown>,
  ): Promise<FreshRecording> {
    const decision = new KeepDecision(call.key, running, call.options, this.#parts.settings.onError)
    const { head, body, origin } = await open(decision)
    const headJson = this.#headJson(head, decision)
    if (typeof body !== 'string')
      return { ...this.#record(running, call, decision, body, headJson), head, headJson, origin }
    running.flight.signal.throwIfAborted()
    const stored = Promise.resolve(this.#keep(running, call, decision, headJson, body))
    running.end()
    return { head, headJson, body, stored, origin }
  }

  #record(
    running: RunningLoad<FreshRecording>,
    call: LoadCall<StreamOptions>,
    decision: KeepDecision<FreshRecording>,
    body: AsyncIterable<Uint8Array>,
    headJson: string | undefined,
  ): Pick<FreshRecording, 'body' | 'stored'> {
    const { flight, purpose } = running
    const { options } = call
    const { promise: stored, resolve } = Promise.withResolvers<Stored>()
    const maxBytes = purpose === 'bypass' ? 0 : (options.maxRecordBytes ?? MAX_RECORD_BYTES)
    const recording = new Recording(body, maxBytes, {
      ended: (chunks) => {
        resolve(this.#keep(running, call, decision, headJson, chunks))
        running.end()
      },
      failed: () => {
        resolve(this.#parts.tiers.refuse(flight.signal.aborted ? 'aborted' : 'failed'))
        running.end()
      },
      outgrown: () => running.detach(),
    })
    flight.onEmpty = (reason) => this.#lastReaderLeft(running, recording, options, reason)
    // Stops the source when the flight is aborted, also if that has happened already.
    flight.onClose(() => {
      if (flight.signal.aborted) recording.stop(flight.signal.reason)
    })
    flight.signal.throwIfAborted()
    if (purpose === 'refresh') void recording.finish()
    return { body: recording, stored }
  }

  /**
   * Called when the last reader has left. Aborts the source, except in two cases: the answer is already complete, or `onLastReaderGone` is
   * `finish`. In these cases the source is read on without readers.
   */
  #lastReaderLeft(
    { flight }: RunningLoad<FreshRecording>,
    recording: Recording,
    { onLastReaderGone, isComplete }: StreamOptions,
    reason: unknown,
  ): void {
    const { chunks } = recording
    const finish = onLastReaderGone === 'finish'
    if (!chunks || !(finish || (isComplete && this.#checkComplete(isComplete, chunks) === true))) {
      flight.abort(reason)
      return
    }
    const { refreshTimeoutMs } = this.#parts.settings
    const waitMs = finish ? refreshTimeoutMs : DRAIN_MS
    const stop = after(waitMs, () => {
      if (flight.waiting === 0) flight.abort(reason)
    })
    flight.onClose(stop)
    void this.#drain(flight, recording, reason)
  }

  /** Reads the source without readers, until it ends or a reader joins. Aborts when the recording becomes too long to be cached. */
  async #drain(
    flight: RunningLoad<FreshRecording>['flight'],
    recording: Recording,
    reason: unknown,
  ): Promise<void> {
    while (flight.waiting === 0 && recording.state === 'open') {
      await recording.more()
      if (!recording.chunks) flight.abort(reason)
    }
  }

  #keep(
    running: RunningLoad<FreshRecording>,
    { options }: LoadCall<StreamOptions>,
    decision: KeepDecision<FreshRecording>,
    head: string | undefined,
    body: readonly Uint8Array[] | string | undefined,
  ): Stored {
    const { tiers, settings } = this.#parts
    if (decision.stored !== true) return tiers.refuse(decision.stored)
    if (body === undefined || isLonger(body, options.maxRecordBytes ?? MAX_RECORD_BYTES))
      return tiers.refuse('too-large')
    const isText = typeof body === 'string'
    const verdict = isText || !options.isComplete ? true : this.#checkComplete(options.isComplete, body)
    if (verdict !== true) return tiers.refuse(verdict)
    const content = { payload: isText ? body : concat(body), encoded: false }
    const entry = newEntry(settings, content, decision.options, running.bornAt, head)
    return storeLoaded(this.#parts, running, entry)
  }

  #checkComplete(
    isComplete: NonNullable<StreamOptions['isComplete']>,
    chunks: readonly Uint8Array[],
  ): Stored {
    try {
      const verdict = isComplete(chunks)
      return verdict === false ? 'incomplete' : verdict
    } catch (error) {
      this.#parts.settings.onError(error)
      return 'incomplete'
    }
  }

  #headJson(head: unknown, decision: KeepDecision<FreshRecording>): string | undefined {
    try {
      // undefined and functions have no JSON.
      const json: unknown = JSON.stringify(head)
      return typeof json === 'string' ? json : 'null'
    } catch (error) {
      this.#parts.settings.onError(error)
      decision.refuse('unencodable')
      return undefined
    }
  }

  /** Returns the result for one caller, with a body that belongs to this caller alone. */
  deliver({ result, waiter, joined }: CallResult<FreshRecording>): Recorded<unknown> {
    if (result.entry) return { ...result.outcome, ...this.replay(result.entry) }
    const { head, headJson, body: content, stored, origin } = result.fresh
    const body = typeof content === 'string' ? new TextBody(content) : readerOf(content, waiter)
    if (!joined) return { ...result.outcome, head, body, stored, origin }
    return { ...SHARED, head: headJson === undefined ? head : parse(headJson), body, stored, origin }
  }

  replay({ head, payload }: Entry): Pick<Recorded<unknown>, 'head' | 'body' | 'stored'> {
    const body = typeof payload === 'string' ? new TextBody(payload) : new Replay(payload)
    return { head: parse(head ?? 'null'), body, stored: ALREADY_STORED }
  }
}

function readerOf(recording: Recording, waiter: CallResult<FreshRecording>['waiter']): Reader {
  const body = new Reader(recording, (reason) => waiter?.leave(reason))
  if (waiter) waiter.onLeave = (reason) => body.stop(reason)
  return body
}

/** Whether a text is longer than `maxBytes` in UTF-8. Returns false for chunks, because their size was checked while they were recorded. */
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
