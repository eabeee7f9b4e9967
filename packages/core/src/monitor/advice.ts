/** What can be found wrong, or worth a change. */
export type AdviceCode =
  | 'event-loop-blocked'
  | 'event-loop-busy'
  | 'heap-near-limit'
  | 'heap-growing'
  | 'memory-near-limit'
  | 'queue-waits'
  | 'pool-saturated'
  | 'pool-oversized'
  | 'connections-not-reused'
  | 'limits-saturated'
  | 'rate-limited-upstream'
  | 'cache-too-small'
  | 'cache-ineffective'
  | 'prefetch-wasteful'
  | 'sockets-unseen'
  | 'client-closed'

/** One thing that was seen over the window, and what to do about it. */
export interface Advice {
  readonly code: AdviceCode
  /** `warning`: calls suffer, or the process is in danger. `note`: something could be better, or cheaper. */
  readonly severity: 'note' | 'warning'
  /** Which origin or quota group it is about, where there may be several. */
  readonly subject?: string | undefined
  /** What was seen, what was expected, and which option to change. */
  readonly message: string
  /** The figures of the message, and those that are advised, such as `connections`. */
  readonly facts: Readonly<Record<string, number>>
  /** Since when it stands, in milliseconds of the clock. */
  readonly since: number
}
