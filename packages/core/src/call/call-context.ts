import type { Log } from './exchange.ts'
import type { Asked } from '../options/per-call.ts'
import type { Policy } from '../policy/policy.ts'
import type { Receipt } from '../reporting/receipt.ts'
import type { Signer } from './signer.ts'

/**
 * What `class Harbor` knows of a call and `fetch` alone could not: it travels on the request's `init`, under a
 * symbol that the SDK carries along.
 */
export interface CallContext {
  readonly policy: Policy
  /** The caller's own signal; `init.signal` is the SDK's, which its timer aborts too. */
  readonly callerSignal: AbortSignal | undefined
  /** What was asked for with this call alone. */
  readonly asked: Asked
  readonly log: Log
  /** Undefined when the request stays signed. */
  readonly signer: Signer | undefined
  /** Where the receipt is put, for errors that have no headers to carry it. */
  readonly slot: ReceiptSlot | undefined
  /** The caller sends an `x-stainless-retry-count` of its own, or leaves it out: attempts are not counted there. */
  readonly ownRetryCount: boolean
  /** How the call has ended, if it was made already, and the SDK asks once more to tell its caller. */
  readonly outcome: Promise<Response> | undefined
}

export interface ReceiptSlot {
  receipt?: Receipt
  /** The signal of the SDK's helper that makes the call, which carries the receipt of its latest call. */
  helper?: AbortSignal | undefined
}

const CONTEXT: unique symbol = Symbol('harbor.call')

export function setCallContext(init: object, context: CallContext): void {
  ;(init as { [CONTEXT]?: CallContext })[CONTEXT] = context
}

export function callContextOf(init: object): CallContext | undefined {
  return (init as { [CONTEXT]?: CallContext })[CONTEXT]
}
