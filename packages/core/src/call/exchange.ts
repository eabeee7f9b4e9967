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
import type { KeyList } from '../targets/credential.ts'
import type { Signer } from './signer.ts'

/** One call on its way through the layers: its request, policy, deadline and receipt. */
export interface Exchange {
  readonly url: string
  /** The `init` that was passed to `fetch`. For a field that the exchange has itself, use the exchange's value instead. */
  readonly init: RequestInit
  readonly method: string
  readonly headers: ReadonlyHeaders
  /** Signs the request again for later attempts; undefined when the first signature stays valid. */
  readonly signer: Signer | undefined
  /** The keys of the client's own provider, if it has several and the request carries none of its own. */
  readonly keys: KeyList | undefined
  /**
   * Whether the caller sets the header `x-stainless-retry-count` itself. If so, Harbor does not write the number of the attempt into this
   * header.
   */
  readonly ownRetryCount: boolean
  /** The body of the request, parsed from the text that is sent; undefined if the text is not a JSON object. The object never changes. */
  readonly json: JsonBody | undefined
  readonly operation: Operation
  readonly streaming: boolean
  /** Whether the body can be sent again. False for a stream, which can be read only once. */
  readonly replayable: boolean
  /** Aborts when the caller aborts, or when the SDK's own timer does. */
  readonly signal: AbortSignal | undefined
  /** Aborts only when the caller aborts. */
  readonly callerSignal: AbortSignal | undefined
  readonly policy: Policy
  readonly deadline: Deadline
  readonly receipt: OpenReceipt
  readonly log: Log
  /** The options that were passed with this call. */
  readonly perCall: PerCall
  /** The gate of the client. Once the client is closed, it refuses requests that are not sent yet. */
  readonly client: ClientGate
  /** Facts computed from the request. All copies of the exchange with the same request share them. */
  readonly facts: RequestFacts
  /** The money that is reserved for the call; undefined without a spend limit. */
  readonly purse?: Purse
}

/**
 * The time at which the call must have ended, on the policy's clock. It moves to a later time when a caller with more time joins a
 * coalesced call.
 */
export interface Deadline {
  readonly at: number
}

/** A call on its way to one target, with the target's address, headers and body. */
export interface LegExchange extends Exchange {
  readonly leg: Leg
}

/** Writes a line to the SDK's logger, if its level permits. `words` returns the line; it is called only if the line is written. */
export type Log = (level: 'error' | 'warn' | 'info' | 'debug', words: () => string) => void

/** The status and headers of an answer. */
export interface AnswerHead {
  readonly status: number
  readonly statusText: string
  /** The headers. They belong to this answer alone, so each layer may change them. */
  readonly headers: Headers
  readonly url: string
}

/** The result of a call. An error response of an upstream server is an answer, too. */
export interface Answer extends AnswerHead {
  readonly body: TextBody | StreamBody
  /** Whether the provider's content filter withheld the content of an answer whose status is a success. */
  readonly filtered?: boolean
  /** The target that answered; undefined until the fallback layer has set it. */
  readonly servedBy?: Target
}

/** A body that was read whole: JSON, or the text of an error. */
export interface TextBody {
  readonly kind: 'text'
  readonly text: string
  /** The text as an object, if it was parsed. */
  readonly json?: JsonBody | undefined
}

/** A body that is still being received: a guarded stream, or one that is passed on unchecked. */
export interface StreamBody {
  readonly kind: 'stream'
  readonly chunks: AsyncIterable<Uint8Array>
  /** The chunks of the stream together with the events parsed from them; undefined when the events are not parsed. */
  readonly pieces?: StreamPieces | undefined
  /** Resolves when the last byte was read or discarded; never rejects. */
  readonly ended: Promise<StreamEnd>
  /** Ends the stream and releases its connection. Called when no reader is left. */
  readonly abandon: (reason: Error) => void
}

/**
 * How a stream ended. If a fault was reported to the reader by an event, the outcome is a failure, unless the fault was the close of the
 * client.
 */
export interface StreamEnd {
  readonly outcome: 'success' | 'failure' | 'aborted'
  readonly fault?: StreamFaultError | undefined
  /** The content that was delivered, counted in tokens, and the usage that the provider reported. */
  readonly delivery?: Delivery
}

/** A layer with all the layers below it. */
export type Handler = (exchange: Exchange) => Promise<Answer>

/** A layer below the fallback layer, with all the layers below it. The target has been chosen by then. */
export type LegHandler = (exchange: LegExchange) => Promise<Answer>

/** Sends one request. It is below all layers. */
export interface Transport {
  (exchange: LegExchange, attempt: WireAttempt): Promise<Response>
  /**
   * Whether `fetch` and its response bodies reject promptly when the signal aborts. If not, callers have to watch the signal themselves.
   */
  readonly honoursSignal?: true
}

export interface WireAttempt {
  readonly number: number
  readonly signal: AbortSignal
  /** The time left until the headers of the answer must have arrived, in milliseconds. */
  readonly remainingMs: number
}

/** Whether the call has ended: the caller or the SDK's own timer has aborted it, or its time is up. */
export function isOver(exchange: Exchange): boolean {
  return exchange.signal?.aborted === true || remainingMs(exchange) <= 0
}

/** The time left for this call, in milliseconds; never negative. */
export function remainingMs(exchange: Exchange): number {
  return Math.max(0, exchange.deadline.at - exchange.policy.clock.now())
}

/** The number of requests that the call may still send, over all its targets. */
export function callsLeft({ receipt, policy }: Exchange): number {
  return policy.maxUpstreamCalls - receipt.attempts.length - receipt.redirects
}

export function hasNoCallLeft(exchange: Exchange): boolean {
  return callsLeft(exchange) <= 0
}
