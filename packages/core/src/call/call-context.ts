import type { Log } from './exchange.ts'
import type { PerCall } from '../options/per-call.ts'
import type { Policy } from '../policy/policy.ts'
import type { Receipt } from '../reporting/receipt.ts'
import type { Signer } from './signer.ts'

/**
 * What `class Harbor` knows about a call and `fetch` could not know. It is attached to the request's `init` under a symbol, which
 * the SDK passes on to `fetch`.
 */
export interface CallContext {
  readonly policy: Policy
  /** The caller's own signal; `init.signal` is the SDK's, which its timer aborts, too. */
  readonly callerSignal: AbortSignal | undefined
  /** The options of this call alone. */
  readonly perCall: PerCall
  readonly log: Log
  /** Undefined when the first signature stays valid. */
  readonly signer: Signer | undefined
  /** Receives the receipt, for errors that have no headers to carry it. */
  readonly slot: ReceiptSlot | undefined
  /** The caller sets or removes `x-stainless-retry-count` itself, so attempts are not counted there. */
  readonly ownRetryCount: boolean
  /** The response of a call that was sent directly and failed, which the SDK is to report to its caller. Undefined for a new call. */
  readonly alreadySent: Promise<Response> | undefined
}

export interface ReceiptSlot {
  receipt?: Receipt
  /** The signal of the SDK helper that makes the call; it carries the receipt of the helper's latest call. */
  helper?: AbortSignal | undefined
}

const CONTEXT: unique symbol = Symbol('harbor.call')

export function setCallContext(init: object, context: CallContext): void {
  ;(init as { [CONTEXT]?: CallContext })[CONTEXT] = context
}

export function callContextOf(init: object): CallContext | undefined {
  return (init as { [CONTEXT]?: CallContext })[CONTEXT]
}
