import type { StreamFaultError } from '../base/errors.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { JsonBody } from '../base/json.ts'
import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import type { Payer } from '../cost/purse.ts'
import type { Policy } from '../policy/policy.ts'
import type { PerCall } from '../options/per-call.ts'
import type { CallObservation } from '../reporting/observer.ts'
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
  /**
   * The `init` that was passed to `fetch`. If the exchange has a field of the same name, such as `headers`, only the field of the exchange
   * is valid.
   */
  readonly init: RequestInit
  readonly method: string
  readonly headers: ReadonlyHeaders
  /** Signs the request again for each later attempt; undefined if the first signature stays valid. */
  readonly signer: Signer | undefined
  /** The keys of the client's own provider, if it has several and the request does not set its own key; otherwise undefined. */
  readonly keys: KeyList | undefined
  /**
   * Whether the caller sets or removes the header `x-stainless-retry-count` itself. If so, Harbor does not write the number of the attempt
   * into this header.
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
  /** The gate of the client. When the client is closed, the gate refuses all requests that are not sent yet. */
  readonly client: ClientGate
  /** Facts computed from the request. Copies of the exchange for the same request share them. */
  readonly facts: RequestFacts
  /** The observation of the call by the user's observers; undefined without them. */
  readonly observed?: Required<CallObservation> | undefined
  /** The content of the call, if it is captured. It is notified of each request that is sent, and of the end of the call. */
  readonly captured?: { noteSent(request: Pick<Exchange, 'headers' | 'url'>): void; end(): void } | undefined
  /** The money that is reserved for this call, or by the calls that it serves; undefined without a spend limit. */
  readonly purse?: Payer
}

/** The time at which the call must have ended, on the clock of the policy. It moves when a caller with more time joins a coalesced call. */
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

/** A body that is still being received: a stream that Harbor checks, or a body that is passed on unchecked. */
export interface StreamBody {
  readonly kind: 'stream'
  readonly chunks: AsyncIterable<Uint8Array>
  /** A reader of the chunks together with the events parsed from them; undefined if the events are not parsed. */
  readonly pieces?: StreamPieces | undefined
  /** Resolves when the last byte was read or discarded; never rejects. */
  readonly ended: Promise<StreamEnd>
  /** Ends the stream and releases its connection. Called when the stream has no reader any more. */
  readonly abandon: (reason: Error) => void
}

/**
 * How a stream ended. If the reader got an error event, the outcome is a failure. There is one exception: an error event because the client
 * was closed.
 */
export interface StreamEnd {
  readonly outcome: 'success' | 'failure' | 'aborted'
  readonly fault?: StreamFaultError | undefined
  /** The amount of content that was delivered, in tokens, and the usage that the provider reported. */
  readonly delivery?: Delivery
  /** Whether the usage in the receipt is an estimate, at least in part. */
  readonly isEstimate?: boolean
}

/** A layer of the pipeline, together with all layers below it. */
export type Handler = (exchange: Exchange) => Promise<Answer>

/** A layer below the fallback layer, together with all layers below it. At this point, the target has been chosen. */
export type LegHandler = (exchange: LegExchange) => Promise<Answer>

/** Sends one request. The transport is below all layers. */
export interface Transport {
  (exchange: LegExchange, attempt: WireAttempt): Promise<Response>
  /**
   * Whether the transport and its response bodies reject promptly when the signal aborts. If not, callers have to watch the signal
   * themselves.
   */
  readonly honoursSignal?: true
}

export interface WireAttempt {
  readonly number: number
  readonly signal: AbortSignal
  /** The time within which the headers of the answer must arrive, in milliseconds. */
  readonly remainingMs: number
}

/** Whether the call has ended: the caller or the SDK's own timer has aborted it, or its time is up. */
export function isOver(exchange: Exchange): boolean {
  return exchange.signal?.aborted === true || remainingMs(exchange) <= 0
}

/** Returns the time left for this call, in milliseconds; never negative. */
export function remainingMs({ deadline, policy }: Pick<Exchange, 'deadline' | 'policy'>): number {
  return Math.max(0, deadline.at - policy.clock.now())
}

/**
 * Returns the number of requests that the call may still send, to all its targets together. The requests of a call that may wait are not counted if a
 * service tier refused them: they cost nothing, and their cooldown limits them.
 */
export function callsLeft({ receipt, policy }: Exchange): number {
  return policy.maxUpstreamCalls - receipt.attempts.length - receipt.redirects + receipt.refusedByTiers
}

export function hasNoCallLeft(exchange: Exchange): boolean {
  return callsLeft(exchange) <= 0
}
