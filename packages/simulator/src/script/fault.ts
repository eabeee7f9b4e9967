import type { FormatFault, StreamFault } from './stream-fault.ts'

/**
 * What goes wrong in one call. `type` selects the fault. A fault is plain data, so that a script can be a JSON file.
 *
 * `afterEvents` is the number of server-sent events that are sent before the fault. A JSON answer counts as one event, so every `stream-`
 * fault works on it, too.
 */
export type Fault = SimpleFault | SequenceFault

/**
 * A list of faults for successive calls: the first matching call gets the first fault, the second call the second one. Calls after the last
 * fault get good answers.
 */
export interface SequenceFault {
  /** Selects this fault: one fault after the other. */
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
  /** When the client may try again: `'2'` for two seconds, `500` for 500 milliseconds; see `RetryAfter`. @default not said */
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
  /** The vendor is overloaded: 529 at Anthropic, 503 elsewhere. */
  | {
      type: 'overloaded'
      /** When the client may try again. @default not said */
      retryAfter?: RetryAfter | undefined
    }
  /** The quota of requests per minute or per day is used up: 429. Gemini's error contains the id of that quota. */
  | {
      type: 'quota'
      /** The period of the quota: a quota per `minute` is renewed soon, one per `day` is not. */
      per: 'minute' | 'day'
      /** When the client may try again. @default '36' (seconds); none for a quota per day, except at Gemini */
      retryAfter?: RetryAfter | undefined
      /** The number of allowed requests that the error message contains. @default 10 */
      limit?: number | undefined
    }
  /** The account has reached its spend limit: 429, without a time to try again. */
  | {
      type: 'spend-limit'
      /** The error code. @default `enforced_spend_limit_reached` at Anthropic, `insufficient_quota` at OpenAI, none at Gemini */
      code?: string | undefined
    }
  /** The prompt is longer than the model's context: 400. */
  | { type: 'context-length' }
  /** The requested service tier has no capacity: 429 at OpenAI, 529 at Anthropic, 503 at Gemini. */
  | {
      type: 'tier-unavailable'
      /** When the client may try again. @default not said */
      retryAfter?: RetryAfter | undefined
    }

/** A fault of the connection: the client gets no answer, or only a part of one. */
type ConnectionFault =
  /**
   * The socket is reset (RST). `when` says at which time. `'connect'`: when a new connection is accepted; on an open connection, after the
   * request was read. `'before-headers'`, the default: after the request was read. `'after-headers'`: after the headers of the answer were
   * sent.
   */
  | {
      type: 'reset'
      /** When the socket is reset. @default 'before-headers' */
      when?: 'connect' | 'before-headers' | 'after-headers' | undefined
    }
  /** A reused socket, which has served an earlier call, is reset when the request arrives. On a new socket, the call gets a good answer. */
  | { type: 'reset-reused' }
  /** The connection is closed cleanly (FIN): a new connection when it is accepted, an open connection after the request was read. */
  | { type: 'refuse' }

/** A fault of time: the answer comes late, or never. */
type WaitFault =
  /** The answer is delayed by `ms` milliseconds. Then the call gets the fault `then` or, without one, a good answer. */
  | {
      type: 'delay'
      /** The delay before the answer, in milliseconds. */
      ms: number
      /** The fault that the call gets after the delay. @default a good answer */
      then?: SimpleFault | undefined
    }
  /** The request is read and never answered. */
  | { type: 'hang' }

/** A fault of the answer itself, which arrives whole and on time. */
export type AnswerFault =
  /** A good answer as JSON, although the request wants a stream. */
  | { type: 'json-for-stream' }
  /** An error object with status 200. `code` and `errorType` mean the same as in a `status` fault. */
  | {
      type: 'error-200'
      /** The error code, as in a `status` fault. @default what the vendor sends */
      code?: string | undefined
      /** The error type, as in a `status` fault. @default what the vendor sends */
      errorType?: string | undefined
      /** The message of the error. @default what the vendor sends */
      message?: string | undefined
    }
  | { type: 'html-200' }
  | { type: 'empty-body' }
  /** The first half of a JSON answer. Its `content-length` matches the half. */
  | { type: 'broken-json' }
  /** A good answer with an additional field, which makes it at least `bytes` bytes long. In a stream, the first event has this field. */
  | {
      type: 'huge-body'
      /** The minimum size of the answer, in bytes, up to 256 MiB. */
      bytes: number
    }
  | {
      type: 'wrong-content-type'
      /** The content type that is sent. @default 'text/plain; charset=utf-8' */
      contentType?: string | undefined
    }
  /** A short answer with the finish reason of a content filter: `content_filter` at OpenAI, `refusal` at Anthropic, `SAFETY` at Gemini. */
  | { type: 'content-filter' }
  /** A short answer with the finish reason of a token limit: `length` at OpenAI, `max_tokens` at Anthropic, `MAX_TOKENS` at Gemini. */
  | { type: 'length' }
  /**
   * An answer that ends after `pieces` pieces of text, by default half of them. `reason` is sent verbatim as the vendor's finish reason.
   */
  | {
      type: 'finish'
      /** The finish reason, sent verbatim. */
      reason: string
      /** The number of pieces of text before the end. @default half of them */
      pieces?: number | undefined
    }
  /**
   * The model refuses after `pieces` pieces of text: with a `refusal` at OpenAI, the stop reason `refusal` at Anthropic, and
   * `PROHIBITED_CONTENT` at Gemini.
   */
  | {
      type: 'refusal'
      /** The number of pieces of text before the refusal. @default 0 */
      pieces?: number | undefined
      /** The category of the refusal in Anthropic's `stop_details`. @default 'cyber' */
      category?: string | undefined
    }
  /**
   * The prompt is blocked before the model runs: 400 at OpenAI and Azure, a refusal without content at Anthropic, `promptFeedback` at
   * Gemini.
   */
  | {
      type: 'blocked-prompt'
      /** The `blockReason` at Gemini. @default 'PROHIBITED_CONTENT' */
      reason?: string | undefined
    }
  /**
   * An answer with all of its content, but without any sign that it is complete. A stream ends cleanly without the vendor's last events; a
   * JSON answer has no finish reason.
   */
  | { type: 'no-end' }

/** An answer that you write yourself, for example from a recording. */
export type PlayFault =
  /** A stream of the given events. `events` lists the data of each event, which is sent verbatim. */
  | {
      type: 'play'
      /** The data of each event, sent verbatim, without a parse or a check. */
      events: readonly string[]
      /**
       * Whether each event is named after the `type` in its data, as in Responses streams. @default true for requests to Anthropic's API
       */
      named?: boolean | undefined
      /** Whether the stream ends with `[DONE]`. @default true for requests to OpenAI's API, unless `named` is true */
      done?: boolean | undefined
      /** The HTTP status, from 200 to 599. @default 200 */
      status?: number | undefined
      /** Additional headers of the answer. @default none */
      headers?: Readonly<Record<string, string>> | undefined
      /** A fault that occurs while this stream is written. @default none */
      then?: StreamFault | FormatFault | undefined
    }
  /** A body sent verbatim, by default as application/json. */
  | {
      type: 'play-json'
      /** The body, sent verbatim, without a parse or a check. */
      body: string
      /** The HTTP status, from 200 to 599. @default 200 */
      status?: number | undefined
      /** Additional headers; a `content-type` replaces `application/json`. @default none */
      headers?: Readonly<Record<string, string>> | undefined
      /** A fault that occurs while this answer is written. @default none */
      then?: StreamFault | FormatFault | undefined
    }

/** An answer sent exactly as given. It has only the headers that are set here, and those that HTTP requires. */
export interface RawFault {
  /** Selects this fault: an answer sent exactly as given. */
  type: 'raw'
  /** The HTTP status. @default 200 */
  status?: number | undefined
  /** The headers. An array sends its header once per element. Without a `content-type` here, the answer has none. @default none */
  headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** The body. Each string of an array is sent in its own packet. @default no body */
  body?: string | readonly string[] | undefined
  /** The encoding of `body`. @default 'utf8' */
  encoding?: 'utf8' | 'base64' | undefined
  /**
   * What happens after the body. `'end'`: the answer ends normally. `'close'` or `'reset'`: the connection is ended by FIN or RST.
   * `'stall'`: it stays open, and nothing more is sent. @default 'end'
   */
  ending?: 'end' | 'close' | 'reset' | 'stall' | undefined
}

/** The names of all faults, such as `status`, `hang` or `stream-cut`. */
export type FaultType = Fault['type']

/** The fault with a given `type`: `FaultOf<'stream-cut'>`. */
export type FaultOf<Type extends FaultType> = Extract<Fault, { type: Type }>
