import type { JsonBody } from '../base/json.ts'
import type { StreamDialect } from './stream-dialect.ts'

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
