import type { JsonBody } from '../../base/json.ts'
import type { Delivery } from './delivery.ts'
import type { SseEvent } from '../../wire/sse-event.ts'
import type { StreamFaultError } from '../../base/errors.ts'

/** What one event means for the call. */
export type EventMeaning =
  /** It gives the reader something: from here on, nothing may be taken back. */
  | 'content'
  /** It gives the reader nothing yet, but shows that the answer is being made: an announced item, a tool at work. */
  | 'progress'
  /** Part of the protocol: a role, a usage report, a lifecycle event. */
  | 'quiet'
  /** No part of the answer: a comment, a ping. */
  | 'nothing'
  /** The provider says that nothing follows. */
  | 'end'
  /** The provider reports, in band, that it failed. */
  | StreamFaultError

/** Reads the events of one stream and knows whether they prove that it is complete. */
export interface StreamDialect {
  /** @throws StreamFaultError `stream_malformed` when the event is not what the protocol allows */
  read(event: SseEvent): EventMeaning
  /** Whether what has been read proves a complete answer. */
  readonly proven: boolean
  /** Whether an orderly end of the body completes the answer, because its protocol has no other sign that Harbor knows. */
  readonly endsWithBody?: boolean
  /** The provider's name for the answer, once it was reported. */
  readonly responseId: string | undefined
  /** What has come so far, and what the provider reports about its cost. */
  readonly delivery: Delivery
  readonly finishReasons: readonly string[]
  /** The error that a parsed event reports; undefined when it is none. */
  faultIn(name: string | undefined, data: JsonBody): StreamFaultError | undefined
  /** Whether common readers of this protocol throw on this event, which reports an error. */
  isRaised(event: SseEvent): boolean
  /** An event that tells a reader of this protocol that the stream broke. */
  faultEvent(fault: { code: string; message: string }): FaultEvent
}

/** An event of Harbor's own making. */
export interface FaultEvent {
  readonly name: string | undefined
  readonly json: JsonBody
}

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
