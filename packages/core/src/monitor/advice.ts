/** The kinds of advice. */
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

/** An observation about a client or its process, and a recommendation. */
export interface Advice {
  readonly code: AdviceCode
  /** `warning`: calls suffer, or the process is in danger. `note`: something could be better, or cheaper. */
  readonly severity: 'note' | 'warning'
  /** The origin or quota group that the advice is about, if there is one. */
  readonly subject?: string | undefined
  /** The observed and the expected value, and the option to change. */
  readonly message: string
  /** The numbers in the message, and recommended values of options, such as `connections`. */
  readonly facts: Readonly<Record<string, number>>
  /** When the advice was given, in milliseconds of the clock. */
  readonly since: number
}
