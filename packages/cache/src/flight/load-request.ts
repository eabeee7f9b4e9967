import type { Entry } from '../tiers/entry.ts'
import type { Flight } from './flight.ts'
import type { Watch } from '../tiers/invalidations.ts'
import type { Landing } from './flight-result.ts'

/** Whether an entry is of the kind asked for (a value or a recorded answer), and, if it comes from afar, can be read. */
export type Acceptance = 'accepted' | 'other-kind' | 'unreadable'

/** One call. */
export interface Question<Fresh> {
  readonly name: string
  readonly control: 'default' | 'refresh' | 'only-if-cached'
  readonly tags: readonly string[]
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number | undefined
  readonly serveStaleIf: ((error: unknown) => boolean) | undefined
  /** It is loaded ahead of anybody's asking. */
  readonly ahead: boolean
  readonly accepts: (entry: Entry) => Acceptance
  /** Asks the origin. It calls `work.end` when nothing more comes. */
  readonly bring: (work: Work<Fresh>) => Promise<Fresh>
}

/** Whom a load is for: callers, nobody yet, nobody since something stale was served, or one who wants nothing kept. */
export type Purpose = 'call' | 'ahead' | 'refresh' | 'bypass'

/** What the origin is asked under. */
export interface Work<Fresh> {
  readonly flight: Flight<Landing<Fresh>>
  readonly watch: Watch
  readonly bornAt: number
  readonly stale: Entry | undefined
  readonly purpose: Purpose
  /** Nobody joins any more. */
  unlist(): void
  /** Nothing more comes. */
  end(): void
}
