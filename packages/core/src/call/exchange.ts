import type { StreamFaultError } from '../base/errors.ts'
import type { Operation } from '../protocols/operation.ts'
import type { JsonBody } from '../base/json.ts'
import type { Purse } from '../cost/purse.ts'
import type { Policy } from '../policy/policy.ts'
import type { Asked } from '../options/per-call.ts'
import type { OpenReceipt } from '../reporting/open-receipt.ts'
import type { Target } from '../reporting/target.ts'
import type { Delivery } from '../protocols/delivery.ts'
import type { StreamPieces } from '../protocols/pieces.ts'
import type { ClientGate } from './client-gate.ts'
import type { Known } from './known.ts'
import type { Leg } from './leg.ts'
import type { Signer } from './signer.ts'

/** One call on its way through the layers. */
export interface Exchange {
  readonly url: string
  /** What the caller handed to `fetch`, less what is named here. */
  readonly init: RequestInit
  readonly method: string
  readonly headers: Headers
  /** Signs the request again for an attempt that does not follow at once; undefined when what was signed stays valid. */
  readonly signer: Signer | undefined
  /** The caller decides what `x-stainless-retry-count` says, so attempts are not counted there. */
  readonly ownRetryCount: boolean
  /** A snapshot of the request, parsed from the text that is sent, when that is a JSON object. It never changes. */
  readonly json: JsonBody | undefined
  readonly operation: Operation
  readonly streaming: boolean
  /** False for a body that can be read only once, such as a stream. */
  readonly replayable: boolean
  /** Aborts when the caller does, and also when the SDK's own timer does. */
  readonly signal: AbortSignal | undefined
  /** Aborts only when the caller does. */
  readonly callerSignal: AbortSignal | undefined
  readonly policy: Policy
  readonly deadline: Deadline
  readonly receipt: OpenReceipt
  readonly log: Log
  /** What was asked for with this call alone. */
  readonly asked: Asked
  /** Keeps what is not sent from being sent when the client is closed. */
  readonly client: ClientGate
  /** Shared by all copies that ask the same. */
  readonly known: Known
  /** What may be spent on it; undefined without a spend limit. */
  readonly purse?: Purse
}

/** When the total runs out, on the policy's clock. It moves while others come to share the call. */
export interface Deadline {
  readonly at: number
}

/** A call on its way to one target, addressed to it. */
export interface LegExchange extends Exchange {
  readonly leg: Leg
}

/** Writes one line through the SDK's logger, if its level lets it. The words are made only then. */
export type Log = (level: 'error' | 'warn' | 'info' | 'debug', words: () => string) => void

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number
  readonly statusText: string
  /** Ours alone: whoever hands the answer on may change them. */
  readonly headers: Headers
  readonly url: string
}

/** What a call came to. A failure that an upstream put into words is an answer too. */
export interface Answer extends AnswerHead {
  readonly body: TextBody | StreamBody
  /** Success in name, but the provider held the content back for what it says. */
  readonly filtered?: boolean
  /** Whose answer it is, once that is settled. */
  readonly servedBy?: Target
}

/** Read whole: JSON, or the text of an error. */
export interface TextBody {
  readonly kind: 'text'
  readonly text: string
  /** The same, if it was parsed. */
  readonly json?: JsonBody | undefined
}

/** Still on the wire: a guarded stream, or a body that Harbor hands through. */
export interface StreamBody {
  readonly kind: 'stream'
  readonly chunks: AsyncIterable<Uint8Array>
  /** The same, for a reader who wants the events that were parsed on the way; undefined where none were. */
  readonly pieces?: StreamPieces | undefined
  /** Resolves when the last byte was read or given up; never rejects. */
  readonly ended: Promise<StreamEnd>
  /** Gives the connection up, when nobody can read on any more. */
  readonly abandon: (reason: Error) => void
}

/** How a stream ended. A fault that the reader was told in band makes it a failure, unless the client was closed. */
export interface StreamEnd {
  readonly outcome: 'success' | 'failure' | 'aborted'
  readonly fault?: StreamFaultError | undefined
  /** What it brought. */
  readonly delivery?: Delivery
}

/** What every layer is, once it has been given the next one. */
export type Handler = (exchange: Exchange) => Promise<Answer>

/** A layer below the fallback, which has chosen the target. */
export type LegHandler = (exchange: LegExchange) => Promise<Answer>

/** The last station: one request on the wire. */
export interface Transport {
  (exchange: LegExchange, attempt: WireAttempt): Promise<Response>
  /** It heeds its signal at once, and so do the bodies of its responses: nobody need stand by to stop waiting for them. */
  readonly isPrompt?: true
}

export interface WireAttempt {
  readonly number: number
  readonly signal: AbortSignal
  /** What is left for the head of the answer to arrive, in milliseconds. */
  readonly remainingMs: number
}

/** Whether the caller, or the SDK's own timer, has ended the call, or its time is up. */
export function isOver(exchange: Exchange): boolean {
  return exchange.signal?.aborted === true || remainingMs(exchange) <= 0
}

/** Time left for this call, in milliseconds; never negative. */
export function remainingMs(exchange: Exchange): number {
  return Math.max(0, exchange.deadline.at - exchange.policy.clock.now())
}
