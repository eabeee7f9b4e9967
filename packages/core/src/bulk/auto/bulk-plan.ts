/**
 * How a request of a run by deadline is answered. `direct`: by a call at the usual price. `flex`: by a call at the service tier `flex`. `2h` and
 * `8h`: by a response in the background that is ready within that time. `batch`: by the provider's Batch API.
 */
export type BulkRoute = 'direct' | 'flex' | '2h' | '8h' | 'batch'

export const BULK_ROUTES: readonly BulkRoute[] = ['batch', 'flex', '8h', '2h', 'direct']

/** The requests of a plan that have the same endpoint, model and route. */
export interface PlannedPart {
  /** How the requests are answered. */
  readonly route: BulkRoute
  /** The endpoint of the requests, such as `/v1/chat/completions`. */
  readonly endpoint: string
  /** The target that is requested, such as `openai/gpt-4`. */
  readonly target: string
  /** The number of requests. */
  readonly requests: number
  /**
   * The highest possible cost of these requests on this route, in US dollars: the estimated prompts, and the longest answers that the requests allow.
   * Undefined if the price of one of them is unknown.
   */
  readonly usd: number | undefined
}

/** What goes where in a run with `via: 'auto'`, as plain data. Made before anything is sent. */
export interface BulkPlan {
  /** The number of requests in the source, without duplicates that are left out. */
  readonly requests: number
  /** The number of requests whose answer is in the journal already. They are in no part. */
  readonly answered: number
  /** The parts, by endpoint, model and route. */
  readonly parts: readonly PlannedPart[]
  /** The highest possible cost if every request is answered on its route, in US dollars. Requests without a known price are not in it. */
  readonly usd: number
  /**
   * The highest possible cost of the run, in US dollars: requests on slower routes may also be called directly when their answer is late. It is never
   * above what is left of `maxUsd`. Requests without a known price are not in it.
   */
  readonly atMostUsd: number
  /** The highest possible cost if every request was called directly, in US dollars. Requests without a known price are not in it. */
  readonly directUsd: number
  /** The number of requests without a known price. With `maxUsd`, they are not sent. */
  readonly unpriced: number
  /**
   * The number of requests that do not fit into `maxUsd`, or into the spend limits of the client, if each of the others costs as much as possible. In
   * the run, they are sent as far as others cost less.
   */
  readonly mayBeLeft: number
  /** The time by which every request should have its result, in milliseconds since 1970. */
  readonly deadlineAt: number
  /** The time at which the requests without an answer are called directly at the latest, in milliseconds since 1970. */
  readonly callOverAt: number
}
