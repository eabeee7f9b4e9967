import type { AnswerFault, PlayFault, RawFault } from './answer-fault.ts'
import type { FormatFault, StreamFault } from './stream-fault.ts'

/**
 * What goes wrong in one call. `type` selects the fault. A fault is plain data, so that a script can be a JSON file.
 *
 * `afterEvents` is the number of server-sent events that are sent before the fault. A JSON answer counts as one event, so every `stream-`
 * fault works on it, too.
 */
export type Fault = SimpleFault | SequenceFault

/**
 * A list of faults for successive calls: the first matching call gets the first fault, the second matching call the second fault, and so on. Calls
 * after the last fault get good answers.
 */
export interface SequenceFault {
  /** Selects this fault: each matching call gets the next one of `faults`. */
  type: 'sequence'
  /** The faults, in order; `'ok'` for a good answer. */
  faults: readonly (SimpleFault | 'ok')[]
}

/** A fault of one call: any but a sequence. */
export type SimpleFault =
  | StatusFault
  | VendorFault
  | ConnectionFault
  | WaitFault
  | StreamFault
  | AnswerFault
  | FormatFault
  | PlayFault
  | RawFault

/** An answer with the given HTTP status. Its default body is the error object of the vendor whose API the request uses. */
export interface StatusFault {
  /** Selects this fault: an answer with an HTTP status. */
  type: 'status'
  /** The HTTP status of the answer, from 200 to 599. */
  status: number
  /**
   * The error code: `code` at OpenAI, `error.details.error_code` at Anthropic, `ErrorInfo.reason` at Gemini. @default what the vendor sends
   * with this status
   */
  code?: string | undefined
  /** The error type: `type` at OpenAI and Anthropic, `status` at Gemini. @default what the vendor sends with this status */
  errorType?: string | undefined
  /** The message of the error. @default what the vendor sends with this status */
  message?: string | undefined
  /** Additional headers of the answer. @default none */
  headers?: Readonly<Record<string, string>> | undefined
  /** When the client may try again: `'2'` for two seconds, `500` for 500 milliseconds; see `RetryAfter`. @default none: the answer does not say */
  retryAfter?: RetryAfter | undefined
  /** The whole body of the answer, in place of an error object. @default an error object in the vendor's format */
  body?: string | undefined
  /** Whether the HTML error page of a proxy is sent in place of an error object. @default false */
  html?: boolean | undefined
}

/**
 * When the client may try again. A string is sent unchanged as `retry-after`, a number of milliseconds as `retry-after-ms`. `{ dateInMs }` is sent as
 * `retry-after` with an HTTP date. Gemini's answers have the wait in the body, as `RetryInfo.retryDelay`.
 */
export type RetryAfter =
  | string
  | number
  | {
      /** How far the date is from now, in milliseconds; negative for a date that has passed. */
      dateInMs: number
    }

/** Errors that each vendor reports with its own status, code and message. */
export type VendorFault =
  | {
      /** Selects this fault: the vendor is overloaded (529 at Anthropic, 503 elsewhere). */
      type: 'overloaded'
      /** When the client may try again. @default none: the answer does not say */
      retryAfter?: RetryAfter | undefined
    }
  | {
      /** Selects this fault: the quota of requests per minute or per day is used up (429). Gemini's error contains the id of that quota. */
      type: 'quota'
      /** The period of the quota: a quota per `minute` is renewed soon, one per `day` is not. */
      per: 'minute' | 'day'
      /**
       * When the client may try again. @default `'36'` (36 seconds) for a quota per minute; for a quota per day, `'36'` at Gemini and none elsewhere
       */
      retryAfter?: RetryAfter | undefined
      /** The quota that the error message names: the number of allowed requests. @default 10 */
      limit?: number | undefined
    }
  | {
      /** Selects this fault: the account has reached its spend limit (429, without a time to try again). */
      type: 'spend-limit'
      /** The error code. @default `enforced_spend_limit_reached` at Anthropic, `insufficient_quota` at OpenAI, none at Gemini */
      code?: string | undefined
    }
  | {
      /** Selects this fault: the prompt is longer than the model's context (400). */
      type: 'context-length'
    }
  | {
      /** Selects this fault: the requested service tier has no capacity (429 at OpenAI, 529 at Anthropic, 503 at Gemini). */
      type: 'tier-unavailable'
      /** When the client may try again. @default none: the answer does not say */
      retryAfter?: RetryAfter | undefined
    }

/** A fault of the connection: the client gets no answer, or only a part of one. */
type ConnectionFault =
  | {
      /**
       * Selects this fault: the socket is reset (RST). `when` says at which time. `'connect'`: when a new connection is accepted; on an open
       * connection, after the request was read. `'before-headers'`, the default: after the request was read. `'after-headers'`: after the headers of
       * the answer were sent.
       */
      type: 'reset'
      /** When the socket is reset. @default 'before-headers' */
      when?: 'connect' | 'before-headers' | 'after-headers' | undefined
    }
  | {
      /**
       * Selects this fault: a reused socket, which has served an earlier call, is reset when the request arrives. On a new socket, the call gets a
       * good answer.
       */
      type: 'reset-reused'
    }
  | {
      /**
       * Selects this fault: the connection is closed cleanly (FIN). A new connection is closed when it is accepted, an open connection after the
       * request was read.
       */
      type: 'refuse'
    }

/** A fault of time: the answer comes late, or never. */
type WaitFault =
  | {
      /**
       * Selects this fault: the answer is delayed by `ms` milliseconds. Then the call gets the fault `then`, or a good answer if `then` is not set.
       */
      type: 'delay'
      /** The delay before the answer, in milliseconds. */
      ms: number
      /** The fault that the call gets after the delay. @default a good answer */
      then?: SimpleFault | undefined
    }
  | {
      /** Selects this fault: the request is read and never answered. */
      type: 'hang'
    }

/** The names of all faults, such as `status`, `hang` or `stream-cut`. */
export type FaultType = Fault['type']

/** The fault with a given `type`: `FaultOf<'stream-cut'>`. */
export type FaultOf<Type extends FaultType> = Extract<Fault, { type: Type }>
