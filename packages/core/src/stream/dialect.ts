import type { TokenUsage } from '../receipt.ts'
import type { JsonBody } from '../wire/operation.ts'
import type { SseEvent } from './sse-splitter.ts'
import type { StreamFaultError } from '../errors.ts'

/** What one event means for the call. */
export type EventMeaning =
  /** Something the reader wants: from here on, nothing may be taken back. */
  | 'content'
  /** Part of the protocol: a role, a usage report, a comment, a ping. */
  | 'quiet'
  /** The provider says that nothing follows. */
  | 'end'
  /** The provider tells, in band, that it failed. */
  | StreamFaultError

/** Reads the events of one stream and knows whether they prove that it is complete. */
export interface StreamDialect {
  /** @throws StreamFaultError `stream_malformed` when the event is not what the protocol allows */
  read(event: SseEvent): EventMeaning
  /** Whether what has been read proves a complete answer. */
  readonly proven: boolean
  readonly usage: TokenUsage | undefined
  /** Events with content so far: of a stream whose usage nobody tells, about as many as it has tokens. */
  readonly contents: number
  readonly finishReasons: readonly string[]
  /** An event that tells a reader of this protocol that the stream broke off. */
  faultEvent(fault: { code: string; message: string }): FaultEvent
}

/** An event of Harbor's own making. */
export interface FaultEvent {
  readonly name: string | undefined
  readonly json: JsonBody
}
