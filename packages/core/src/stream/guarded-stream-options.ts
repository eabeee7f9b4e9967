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
  /** The count of the bytes that all streams of the client hold in memory together. */
  readonly held: HeldBytes
  /** Called with the provider's id of the answer as soon as an event reports it. */
  readonly onResponseId?: (id: string) => void
  /** Closes the connection. Called at most once, and not after the body has ended by itself. */
  readonly release: (reason: Error) => void
}
