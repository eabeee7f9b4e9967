import type { BatchScript } from '../batches/batch-script.ts'
import type { BackgroundScript } from '../responses/background-script.ts'
import type { Fault } from './fault.ts'
import type { Range } from './range.ts'
import type { RecordedRequest } from '../journal.ts'
import type { Latency } from '../latency.ts'
import type { Limits } from '../limits/limits.ts'
import type { RequestOperation } from '../route.ts'

/** How one provider behaves. With an empty script every call gets a good answer at once. */
export interface ProviderScript {
  /** Which calls get which fault. The first matching rule decides. @default none */
  rules?: readonly Rule[] | undefined
  /** Time to the answer's headers, in milliseconds. @default 0 */
  latency?: Latency | undefined
  /** Time from a stream's headers to its first event, in milliseconds. @default 0 */
  firstTokenMs?: Latency | undefined
  /** Time between two events of a stream, in milliseconds. With 0 a stream is written in one piece. @default 0 */
  tokenMs?: Latency | undefined
  /** The valid API keys; all others get a 401. @default every key is valid, and none is needed */
  apiKeys?: readonly string[] | undefined
  /** The existing models; any other one gets a 404. @default any */
  models?: readonly string[] | undefined
  /** The service tier that answers report. @default the tier of the request, or the vendor's usual one */
  servedTier?: string | undefined
  /** The share of each prompt that answers report as read from the provider's prompt cache, from 0 to 1. @default 0 */
  cachedShare?: number | undefined
  /** The text of the answer. @default a few sentences that depend only on the prompt */
  reply?: string | ((request: RecordedRequest) => string) | undefined
  /**
   * Requests and tokens per minute, and concurrent calls. A call that is refused by a limit gets no fault, and uses up
   * none. @default no limits
   */
  limits?: Limits | undefined
  /** How responses with `background: true` run. @default they complete at once */
  background?: BackgroundScript | undefined
  /** How long batches take, and their faults. @default they complete at once */
  batches?: BatchScript | undefined
}

/** A fault, and which calls get it. */
export interface Rule {
  /** All conditions must hold. @default every call */
  when?: Condition | undefined
  fault: Fault | 'ok'
}

export interface Condition {
  /** Call numbers, from 1, counted over all calls that reach the provider. */
  call?: number | readonly number[] | Range | undefined
  /** Every n-th call. */
  every?: number | undefined
  /** A probability from 0 to 1. It depends only on the seed, the rule and the number of the call. */
  probability?: number | undefined
  /** Time since the provider's start or last reset, in milliseconds. */
  windowMs?: TimeWindow | undefined
  operation?: RequestOperation | readonly RequestOperation[] | undefined
  stream?: boolean | undefined
  model?: string | undefined
  /** The service tier that the request names, such as `flex`. */
  tier?: string | undefined
  /** Text anywhere in the JSON of the request, such as that of a prompt that always fails. */
  says?: string | undefined
  /** The HTTP method, which distinguishes creating a batch from reading it. */
  method?: string | undefined
  /** Text anywhere in the path: `/content`, `/cancel`. */
  path?: string | undefined
}

/** From `from`, included, to `to`, excluded; either may be left out. */
export interface TimeWindow extends Range {
  /** Repeats the window with this period, in milliseconds: a provider that flaps. */
  everyMs?: number | undefined
}
