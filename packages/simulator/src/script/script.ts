import type { BatchScript } from '../batches/batch-script.ts'
import type { BackgroundScript } from '../responses/background-script.ts'
import type { Fault } from './fault.ts'
import type { Range } from './range.ts'
import type { RecordedRequest } from '../journal.ts'
import type { Latency } from '../latency.ts'
import type { Limits } from '../limits/limits.ts'
import type { RequestOperation } from '../route.ts'
import type { TierScript } from './tier-script.ts'
import type { TimeWindow } from './time-window.ts'

/** How one provider behaves. With an empty script every call gets a good answer at once. */
export interface ProviderScript {
  /** Which calls get which fault. The first matching rule decides. @default none */
  rules?: readonly Rule[] | undefined
  /** The time from the request to the headers of the answer, in milliseconds: a number, or random times (see `Latency`). @default 0 */
  latency?: Latency | undefined
  /** The time from the headers of a stream to its first event, in milliseconds: a number, or random times (see `Latency`). @default 0 */
  firstTokenMs?: Latency | undefined
  /**
   * The time between two events of a stream, in milliseconds: a number, or random times (see `Latency`). With 0, a stream is written in one piece.
   * @default 0
   */
  tokenMs?: Latency | undefined
  /** The valid API keys. A call without a valid key gets the vendor's error, such as a 401. @default every key is valid, and a call needs none */
  apiKeys?: readonly string[] | undefined
  /** The models that exist. A call that names another model gets a 404. @default every model exists */
  models?: readonly string[] | undefined
  /**
   * The service tier that answers report. @default the tier of the request, or the vendor's usual one; at Anthropic
   * always `standard`
   */
  servedTier?: string | undefined
  /**
   * How requests at a service tier are answered, by the name of the tier in the request, such as `flex`: their latency, and how often the tier refuses
   * them. The answer reports the tier. Rules come first: a call that gets a fault by a rule is not refused by its tier. @default every tier answers alike
   */
  tiers?: Readonly<Record<string, TierScript>> | undefined
  /**
   * The fraction of the prompt that answers report as read from the prompt cache, from 0 to 1. At Anthropic, it is a fraction of the tokens before
   * the last `cache_control`. @default 0
   */
  cachedShare?: number | undefined
  /**
   * The text of every answer, or a function that returns the text for a request. @default a few sentences that depend only on the prompt
   */
  reply?: string | ((request: RecordedRequest) => string) | undefined
  /**
   * The rate limits: requests and tokens per minute, and concurrent calls. A call that a limit refuses gets no fault, and uses up none of those
   * queued by `fail()` or in a sequence. @default no limits
   */
  limits?: Limits | undefined
  /** How responses with `background: true` run. @default not queued, and as fast as a stream (`firstTokenMs`, `tokenMs`) */
  background?: BackgroundScript | undefined
  /** How long batches take, and their faults. @default batches complete at once, without faults */
  batches?: BatchScript | undefined
}

/** A fault, and the calls that get it. The first matching rule of a script decides. */
export interface Rule {
  /** The conditions, all of which a call must meet. @default every call gets the fault */
  when?: Condition | undefined
  /** The fault that matching calls get, or `'ok'` for a good answer. In both cases, later rules are not tried. */
  fault: Fault | 'ok'
}

/** Which calls a rule matches. A condition that is left out matches every call. */
export interface Condition {
  /** Matches the calls with these numbers: one, several, or a range. All calls that reach the provider are counted, from 1. @default every call */
  call?: number | readonly number[] | Range | undefined
  /** Matches every n-th call that reaches the provider: 3 matches the calls 3, 6, 9 and so on. @default 1 */
  every?: number | undefined
  /** The probability that a call matches, from 0 to 1. The outcome depends only on the seed, the rule and the number of the call. @default 1 */
  probability?: number | undefined
  /**
   * The time at which a call must arrive, in milliseconds since the provider's start or last reset, from `from` up to but not including `to`.
   * @default at any time
   */
  windowMs?: TimeWindow | undefined
  /** Matches calls of this operation, such as `chat`, or of one of several operations. @default every operation */
  operation?: RequestOperation | readonly RequestOperation[] | undefined
  /** Matches calls that request a stream (`true`), or none (`false`). @default both */
  stream?: boolean | undefined
  /** Matches calls of this model, by its exact name. @default every model */
  model?: string | undefined
  /** Matches calls whose request names this service tier, such as `flex`. @default every tier, and calls without one */
  tier?: string | undefined
  /**
   * Text that occurs anywhere in the body of the request, such as a part of a prompt that must always fail. The body is searched as JSON text, in
   * which a line break is a backslash and an `n`, and a quote has a backslash before it. Upper and lower case differ. @default any body
   */
  says?: string | undefined
  /** Matches calls of this HTTP method. It distinguishes creating a batch (POST) from reading it (GET). @default every method */
  method?: string | undefined
  /** Text that occurs anywhere in the path, such as `/content` or `/cancel`. @default any path */
  path?: string | undefined
}
