/**
 * What a piece of advice is about: the event loop, memory, connections and their queue, limits, the cache, prefetches, or something that the monitor
 * cannot observe (`sockets-unseen`, `client-closed`). docs/alerts-and-monitoring.md says when each is given.
 */
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

/** A recommendation: it describes a problem, or a possible improvement, of a client or its process. */
export interface Advice {
  /** Names the advice, such as `queue-waits` or `cache-too-small`. There is at most one piece of advice with the same code and subject at a time. */
  readonly code: AdviceCode
  /** `warning`: calls are slowed down, or the process may fail. `note`: something could be better or cheaper. */
  readonly severity: 'note' | 'warning'
  /** The origin or quota group that the advice is about; undefined if it is about the whole client or process. */
  readonly subject?: string | undefined
  /** A text with the observed value, the expected value, and the option to change. */
  readonly message: string
  /** The numbers in the message, and recommended values of options, by name, such as `connections`. */
  readonly facts: Readonly<Record<string, number>>
  /** The time at which the advice was given, in milliseconds, as read from the option `clock`. */
  readonly since: number
}
