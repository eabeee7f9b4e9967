import type { Log } from './exchange.ts'
import type { PerCall } from '../options/per-call.ts'
import type { Policy } from '../policy/policy.ts'
import type { Receipt } from '../reporting/receipt.ts'
import type { KeyList } from '../targets/credential.ts'
import type { Signer } from './signer.ts'

/**
 * Facts about a call that `class Harbor` knows and `fetch` cannot know. They are attached to the request's `init` under a symbol; the SDK
 * passes the `init` on to `fetch`.
 */
export interface CallContext {
  readonly policy: Policy
  /** The caller's own signal. The signal in `init` is another one, which the SDK makes: its timer can abort that one, too. */
  readonly callerSignal: AbortSignal | undefined
  /** The options that were passed with this call. */
  readonly perCall: PerCall
  readonly log: Log
  /** Signs the request again for each later attempt; undefined if the first signature stays valid. */
  readonly signer: Signer | undefined
  /** The keys with which the pipeline signs the request, if the client's own provider has several; otherwise undefined. */
  readonly keys: KeyList | undefined
  /**
   * The object in which the receipt of the call is stored. It is for errors without headers, since other errors carry the receipt with
   * their headers.
   */
  readonly slot: ReceiptSlot | undefined
  /**
   * Whether the caller sets or removes the header `x-stainless-retry-count` itself. If so, Harbor does not write the number of the attempt
   * into this header.
   */
  readonly ownRetryCount: boolean
  /**
   * The failed response of a call that Harbor has sent already, without the SDK. `fetch` returns it, so that the SDK reports it to the
   * caller. Undefined for a call that is not sent yet.
   */
  readonly alreadySent: Promise<Response> | undefined
}

export interface ReceiptSlot {
  receipt?: Receipt
  /** The signal of the SDK helper that makes the call. The receipt of the latest call of that helper is attached to this signal. */
  helper?: AbortSignal | undefined
}

const CONTEXT: unique symbol = Symbol('harbor.call')

export function setCallContext(init: object, context: CallContext): void {
  ;(init as { [CONTEXT]?: CallContext })[CONTEXT] = context
}

export function callContextOf(init: object): CallContext | undefined {
  return (init as { [CONTEXT]?: CallContext })[CONTEXT]
}
