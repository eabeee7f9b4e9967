import type { AttemptRecord, WaitRecord } from './attempt-record.ts'
import type { CostStats } from './cost-stats.ts'
import type { QuotaStats } from './quota-stats.ts'
import type { Receipt } from './receipt.ts'
import type { TargetStats } from './target-stats.ts'

/**
 * Observes calls: see the option `telemetry`. It receives no prompt, no answer and no key. An error that it throws changes no call; the first one
 * causes a process warning.
 */
export interface CallObserver {
  /**
   * Called when a call begins, in the async context of its caller.
   * @param call `role`: `'call'` for a call that a caller makes; `'upstream'` for a call that Harbor itself makes, to fill the cache, for a batch of
   * embeddings, a prefetch or a refresh. It may serve several calls of callers. An upstream call is a child of the call that began it, and has the
   * same `receipt.id`. Its attempts are reported for the upstream call alone, not for the calls that it serves. `deadlineAt`: when the total time of
   * the call is over, in milliseconds since the epoch. `client`: the state of the client that makes the call, the same object for all calls of a
   * client and its copies. `leftUsd`: returns how much is left now of the money that pays for the call, in US dollars. If several spend limits
   * apply, this is the smallest remaining amount. Undefined without a spend limit, and for an upstream call whose cost several calls share
   * @returns an object to which Harbor reports what happens to the call, or undefined to leave the call out
   */
  start(call: {
    readonly receipt: Receipt
    readonly request: RequestFacts
    readonly role: 'call' | 'upstream'
    readonly deadlineAt: number
    readonly client: ObservedClient
    readonly leftUsd?: (() => number) | undefined
  }): CallObservation | undefined
}

/** What an observer can read of a client: its current statistics, and the changes of its circuits. */
export interface ObservedClient {
  /** Returns current statistics of the client, which are a part of `harbor.stats()`. */
  stats(): {
    /** The state of each target that was called, by its name. */
    readonly targets: Readonly<Record<string, TargetStats>>
    /** The limits of each quota group that was used, by its name. A quota group is a set of targets that share rate limits. */
    readonly limits: Readonly<Record<string, QuotaStats>>
    /** The money spent and saved so far, in US dollars. */
    readonly cost: CostStats
    /** Whether the client was closed. */
    readonly closed: boolean
  }
  /** Adds a listener for changes of circuits: see `harbor.on()`. @returns a function that removes it */
  on(
    event: 'breaker',
    listener: (change: { readonly target: string; readonly state: TargetStats['state'] }) => void,
  ): () => void
}

/** The callbacks of an observer for one call, for its attempts, its waits and its end. All are optional. */
export interface CallObservation {
  /**
   * Wraps the sending of one request, until its headers arrive. The request leaves in the async context in which `send` is called.
   * @param send sends the request. The request is sent exactly once, even if `send` is called twice or not at all. `headers` are added to its headers
   * @returns what `send` returned; any other value is ignored
   */
  attempt?<T>(
    attempt: AttemptRecord,
    send: (headers?: Readonly<Record<string, string>>) => Promise<T>,
  ): Promise<T>
  /**
   * Called once for each attempt that is answered by a stream, when its headers have arrived. For the metric
   * `gen_ai.client.operation.time_per_output_chunk`, among others.
   * @returns a function that Harbor calls for each event with content that it reads from the stream, or undefined if that is of no interest.
   * `at` is the time in milliseconds since the epoch; events that arrive together have almost the same. Harbor reads a stream as fast as its
   * caller does
   */
  chunks?(attempt: AttemptRecord): ((at: number) => void) | undefined
  /** Called once for each attempt when it has ended; for a stream, at the end of its body. Also called for an attempt that lost to a hedge. */
  attemptEnded?(attempt: AttemptRecord): void
  /** Called after a wait, before the attempt that follows. */
  waited?(wait: WaitRecord): void
  /**
   * Called when an upstream call is made for this call, or has answered it: see `role` of `start()`. One call can have several upstream calls, such
   * as batches of embeddings that are sent again.
   * @param upstream the receipt with which the observation of the upstream call was started
   */
  servedBy?(upstream: Receipt): void
  /** Called once when the call is over; for a stream, when the stream has ended. */
  end?(receipt: Receipt): void
}

/** What a call asks for, before a target is chosen. Contains no prompt and no key. */
export interface RequestFacts {
  /** The name of the protocol, such as `openai-chat`. */
  readonly protocol: string
  /** What the request asks for, such as `chat` or `embeddings`: as in `Receipt.operation`. */
  readonly operation: string
  /** The name of the provider to which the call is addressed. */
  readonly provider: string
  /** The requested model; undefined if the request names none. */
  readonly model: string | undefined
  /** Whether the caller requested a stream, by the body or the URL of the request. */
  readonly streaming: boolean
  /** The origin and the path of the request, without its query. */
  readonly url: string
}
