import type { Clock } from '@harbor/retry'
import type { StreamDialect } from '../protocols/shared/stream-dialect.ts'
import type { ChunkSource } from '../wire/chunks-of.ts'
import type { HeldBytes } from '../wire/held-bytes.ts'

export interface GuardedStreamOptions {
  readonly source: ChunkSource
  readonly dialect: StreamDialect
  readonly clock: Clock
  /** How long the first content may take, in milliseconds. */
  readonly firstTokenMs: number
  /** How large one event may be, and what comes before the first content, in bytes. */
  readonly maxBytes: number
  /** Shared with the other streams of the client. */
  readonly held: HeldBytes
  /** Called with the provider's id of the answer when it is known. */
  readonly onResponseId?: (id: string) => void
  /** Gives the connection up; called at most once, and not after the body has ended by itself. */
  readonly release: (reason: Error) => void
}
