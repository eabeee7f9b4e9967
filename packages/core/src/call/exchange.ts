import type { StreamFaultError } from '../base/errors.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { JsonBody } from '../base/json.ts'
import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import type { Purse } from '../cost/purse.ts'
import type { Policy } from '../policy/policy.ts'
import type { PerCall } from '../options/per-call.ts'
import type { OpenReceipt } from '../reporting/open-receipt.ts'
import type { Target } from '../reporting/target.ts'
import type { Delivery } from '../protocols/shared/delivery.ts'
import type { StreamPieces } from '../protocols/shared/stream-dialect.ts'
import type { ClientGate } from './client-gate.ts'
import type { Leg } from './leg.ts'
import type { RequestFacts } from './request-facts.ts'
import type { Signer } from './signer.ts'

/** One call on its way through the layers. */
export interface Exchange {
  readonly url: string
  /** The `init` passed to `fetch`. Where it has the same field as the exchange, the exchange's counts. */
  readonly init: RequestInit
  readonly method: string
  readonly headers: ReadonlyHeaders
  /** Signs the request again for an attempt made later; undefined when the first signature stays valid. */
  readonly signer: Signer | undefined
  /** The caller sets `x-stainless-retry-count`, so attempts are not counted there. */
  readonly ownRetryCount: boolean
  /** The request's body, parsed from the text that is sent, if that is a JSON object. It never changes. */
  readonly json: JsonBody | undefined
  readonly operation: Operation
  readonly streaming: boolean
  /** False for a body that can be read only once, such as a stream. */
  readonly replayable: boolean
  /** Aborts when the caller does, and when the SDK's own timer does. */
  readonly signal: AbortSignal | undefined
  /** Aborts only when the caller does. */
  readonly callerSignal: AbortSignal | undefined
  readonly policy: Policy
  readonly deadline: Deadline
  readonly receipt: OpenReceipt
  readonly log: Log
  /** The options of this call alone. */
  readonly perCall: PerCall
  /** Holds unsent requests back once the client is closed. */
  readonly client: ClientGate
  /** Shared by all copies with the same request. */
  readonly facts: RequestFacts
  /** What may be spent on it; undefined without a spend limit. */
  readonly purse?: Purse
}

/** When the total runs out, on the policy's clock. It moves later when callers with more time come to share the call. */
export interface Deadline {
  readonly at: number
}

/** A call on its way to one target, addressed to it. */
export interface LegExchange extends Exchange {
  readonly leg: Leg
}

/** Writes a line to the SDK's logger, if its level permits. `words` is called only then. */
export type Log = (level: 'error' | 'warn' | 'info' | 'debug', words: () => string) => void

/** Status and headers of an answer. */
export interface AnswerHead {
  readonly status: number
  readonly statusText: string
  /** Not shared: each layer may change them. */
  readonly headers: Headers
  readonly url: string
}

/** The result of a call. A failure that an upstream answered with is an answer, too. */
export interface Answer extends AnswerHead {
  readonly body: TextBody | StreamBody
  /** A success by its status, but the provider withheld the content for what it says. */
  readonly filtered?: boolean
  /** The target that answered, once that is settled. */
  readonly servedBy?: Target
}

/** A body that was read whole: JSON, or the text of an error. */
export interface TextBody {
  readonly kind: 'text'
  readonly text: string
  /** The same, if it was parsed. */
  readonly json?: JsonBody | undefined
}

/** A body still on the wire: a guarded stream, or one that is passed through. */
export interface StreamBody {
  readonly kind: 'stream'
  readonly chunks: AsyncIterable<Uint8Array>
  /** The same with the events that were parsed on the way; undefined where none were. */
  readonly pieces?: StreamPieces | undefined
  /** Resolves when the last byte was read or discarded; never rejects. */
  readonly ended: Promise<StreamEnd>
  /** Releases the connection when no reader is left. */
  readonly abandon: (reason: Error) => void
}

/** How a stream ended. A fault reported to the reader in band makes it a failure, unless the client was closed. */
export interface StreamEnd {
  readonly outcome: 'success' | 'failure' | 'aborted'
  readonly fault?: StreamFaultError | undefined
  /** What was delivered. */
  readonly delivery?: Delivery
}

/** A layer with all the layers below it. */
export type Handler = (exchange: Exchange) => Promise<Answer>

/** The same below the fallback, which has chosen the target. */
export type LegHandler = (exchange: LegExchange) => Promise<Answer>

/** Below all layers: sends one request. */
export interface Transport {
  (exchange: LegExchange, attempt: WireAttempt): Promise<Response>
  /** Aborts promptly, response bodies included, so callers need not race it against the signal. */
  readonly honoursSignal?: true
}

export interface WireAttempt {
  readonly number: number
  readonly signal: AbortSignal
  /** Time left for the head of the answer to arrive, in milliseconds. */
  readonly remainingMs: number
}

/** Whether the caller or the SDK's own timer has ended the call, or its time is up. */
export function isOver(exchange: Exchange): boolean {
  return exchange.signal?.aborted === true || remainingMs(exchange) <= 0
}

/** Time left for this call, in milliseconds; never negative. */
export function remainingMs(exchange: Exchange): number {
  return Math.max(0, exchange.deadline.at - exchange.policy.clock.now())
}

/** How many requests the call may still send upstream, over all its targets. */
export function callsLeft({ receipt, policy }: Exchange): number {
  return policy.maxUpstreamCalls - receipt.attempts.length - receipt.redirects
}

export function hasNoCallLeft(exchange: Exchange): boolean {
  return callsLeft(exchange) <= 0
}
