import type { BatchScript } from './batches/batch-script.ts'
import type { Fault } from './fault.ts'
import type { RecordedRequest } from './journal.ts'
import type { Latency } from './latency.ts'
import type { Limits } from './limits/limits.ts'
import type { RequestOperation } from './route.ts'

/** How one provider behaves. An empty script answers every call well and at once. */
export interface ProviderScript {
  /** What goes wrong, and when. The first rule that matches a call decides. @default none */
  rules?: readonly Rule[] | undefined
  /** Time to the answer's headers, in milliseconds. @default 0 */
  latency?: Latency | undefined
  /** Time from a stream's headers to its first event, in milliseconds. @default 0 */
  firstTokenMs?: Latency | undefined
  /** Time between two events of a stream, in milliseconds. Without it a stream is written whole. @default 0 */
  tokenMs?: Latency | undefined
  /** The keys that are accepted. @default any, or none */
  apiKeys?: readonly string[] | undefined
  /** The models that exist; another one is answered with 404. @default any */
  models?: readonly string[] | undefined
  /** What the model says. @default a few sentences that depend on the prompt alone */
  reply?: string | ((request: RecordedRequest) => string) | undefined
  /** Requests and tokens a minute, and calls at once. A call they refuse uses up no fault. @default no limits */
  limits?: Limits | undefined
  /** How long batches take, and what becomes of them. @default they complete at once, whole */
  batches?: BatchScript | undefined
}

/** A fault, and the calls it is for. */
export interface Rule {
  /** All conditions must hold. @default every call */
  when?: Condition | undefined
  fault: Fault | 'ok'
}

export interface Condition {
  /** Call numbers, from 1, counted per provider over everything that reaches it. */
  call?: number | readonly number[] | Range | undefined
  /** Every n-th call. */
  every?: number | undefined
  /** Chance between 0 and 1. It depends on the seed, the rule and the call's number alone. */
  probability?: number | undefined
  /** Time since the provider's start or last reset, in milliseconds. */
  windowMs?: TimeWindow | undefined
  operation?: RequestOperation | readonly RequestOperation[] | undefined
  stream?: boolean | undefined
  model?: string | undefined
  /** Text that stands anywhere in the request's JSON: a poisoned prompt. */
  says?: string | undefined
  /** The HTTP method: it tells the creation of a batch from a look at it. */
  method?: string | undefined
  /** Text that stands in the path: `/content`, `/cancel`. */
  path?: string | undefined
}

/** From `from` to `to`, both included; either may be left open. */
export interface Range {
  from?: number | undefined
  to?: number | undefined
}

/** From `from`, included, to `to`, excluded; either may be left open. */
export interface TimeWindow extends Range {
  /** The window comes again every so many milliseconds: a provider that flaps. */
  everyMs?: number | undefined
}
