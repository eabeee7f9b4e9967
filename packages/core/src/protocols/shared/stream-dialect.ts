import type { JsonBody } from '../../base/json.ts'
import type { Delivery } from './delivery.ts'
import type { SseEvent } from '../../wire/sse-event.ts'
import type { StreamFaultError } from '../../base/errors.ts'

/** What an event of a stream means for the call. */
export type EventMeaning =
  /** Content for the reader. Once it is passed on to the caller, the call cannot be repeated. */
  | 'content'
  /** No content yet, but a sign that the answer is being made: an announced item, a tool at work. */
  | 'progress'
  /** An event that is neither content nor progress: a role, a usage report, a lifecycle event. */
  | 'quiet'
  /** Not a part of the answer: a comment, a ping. */
  | 'nothing'
  /** The provider says that no event follows. */
  | 'end'
  /** The provider reports an error inside the stream. */
  | StreamFaultError

/** Reads the events of one stream, and decides whether they prove that the stream is complete. */
export interface StreamDialect {
  /** Reads one event. @throws StreamFaultError `stream_malformed` when the event is not valid in the protocol */
  read(event: SseEvent): EventMeaning
  /** Whether the events read so far prove that the answer is complete. */
  readonly proven: boolean
  /** Whether an orderly end of the body is enough to prove that the answer is complete. True where Harbor knows no better proof. */
  readonly endsWithBody?: boolean
  /** The provider's id of the answer; undefined until an event reports it. */
  readonly responseId: string | undefined
  /** The content received so far, counted in tokens, and the usage that the provider reported. */
  readonly delivery: Delivery
  readonly finishReasons: readonly string[]
  /** Returns the error that a parsed event reports; undefined when it reports none. */
  faultIn(name: string | undefined, data: JsonBody): StreamFaultError | undefined
  /**
   * Returns an event of the answer in the form in which the protocol's common SDKs read it: the same object if they read it as it is, a
   * changed copy if they would ignore it or fail on it, and one without data if they need not get it. Absent if they read all events.
   */
  asRead?(event: SseEvent): SseEvent
  /** Whether an event that reports an error makes the protocol's common SDKs throw. */
  isRaised(event: SseEvent): boolean
  /** Makes an event that reports to the protocol's SDKs that the stream broke. */
  faultEvent(fault: { code: string; message: string }): FaultEvent
}

/** An event that Harbor makes itself and adds to a stream. */
export interface FaultEvent {
  readonly name: string | undefined
  readonly json: JsonBody
}

/** A part of a stream as a reader gets it: its bytes, and the events in them. */
export interface StreamPiece {
  readonly bytes: Uint8Array
  readonly events: readonly ReadEvent[]
}

/** A stream that gives its reader the parsed events together with their bytes, so that they are not parsed twice. */
export interface StreamPieces {
  readonly dialect: StreamDialect
  /** Returns the next part of the stream; undefined at its end. */
  nextPiece(): Promise<StreamPiece | undefined>
}

export interface ReadEvent {
  readonly name: string | undefined
  /** The parsed data. Undefined for events without data, for `[DONE]`, and for events after the end of the answer. */
  readonly json?: JsonBody | undefined
}
