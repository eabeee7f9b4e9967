import type { Context } from '@opentelemetry/api'
import type { CallReceipt, CallRequest } from '../observed.ts'

/** A call that has ended. */
export interface EndedCall {
  readonly receipt: CallReceipt
  readonly request: CallRequest
  /** Whether it is the call of a caller, and neither an upstream call nor one below another client of Harbor. */
  readonly isOfCaller: boolean
  /** Whether duration, tokens and cost of the call are counted here, and not at another call. */
  readonly isCounted: boolean
  /** The context of its span, for exemplars. */
  readonly context: Context
}
