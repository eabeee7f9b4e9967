import type { Clock } from '@harbor/retry'
import type { StreamDialect } from '../protocols/shared/stream-dialect.ts'
import type { ChunkSource } from '../wire/chunks-of.ts'
import type { HeldBytes } from '../wire/held-bytes.ts'

export interface GuardedStreamOptions {
  readonly source: ChunkSource
  readonly dialect: StreamDialect
  readonly clock: Clock
  /** The time limit for the first content, in milliseconds. */
  readonly firstTokenMs: number
  /** The maximum size of one event, and of everything received before the first content, in bytes. */
  readonly maxBytes: number
  /** Limits the memory that all streams and large answers of the client occupy together. */
  readonly held: HeldBytes
  /** Called with the provider's id of the answer as soon as an event reports it. */
  readonly onResponseId?: (id: string) => void
  /** Called for each event with content, when it is read from the body. */
  readonly onContent?: (() => void) | undefined
  /** Called when the stream stalls after its first content. Returns whether its source replaces the connection, so that the stream goes on. */
  readonly revive?: ((stalled: Error) => boolean) | undefined
  /** Closes the connection. Called at most once, and never after the end of the body was received. */
  readonly release: (reason: Error) => void
}
