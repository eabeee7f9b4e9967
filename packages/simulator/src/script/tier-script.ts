import type { Latency } from '../latency.ts'
import type { RetryAfter } from './fault.ts'
import type { TimeWindow } from './time-window.ts'

/** How requests at one service tier are answered. */
export interface TierScript {
  /** The time to the headers of an answer, in milliseconds: a number, or random times (see `Latency`). @default that of the script */
  latency?: Latency | undefined
  /** The time from the headers of a stream to its first event, in milliseconds. @default that of the script */
  firstTokenMs?: Latency | undefined
  /** The time between two events of a stream, in milliseconds. @default that of the script */
  tokenMs?: Latency | undefined
  /** The share of requests that the tier refuses at random, from 0 to 1. It depends only on the seed and the number of the call. @default 0 */
  refusedShare?: number | undefined
  /** The times in which the tier refuses all requests, in milliseconds since the provider's start or last reset. @default none */
  refusedIn?: readonly TimeWindow[] | undefined
  /** When the client may try again, as a refusal says it. @default none: the refusal does not say */
  retryAfter?: RetryAfter | undefined
}
