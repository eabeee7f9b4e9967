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
  type: 'sequence'
  faults: readonly (SimpleFault | 'ok')[]
}

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
  type: 'status'
  status: number
  /**
   * The error code: `code` at OpenAI, `error.details.error_code` at Anthropic, `ErrorInfo.reason` at Gemini. @default what the vendor sends
   * with this status
   */
  code?: string | undefined
  /** The error type: `type` at OpenAI and Anthropic, `status` at Gemini. @default what the vendor sends with this status */
  errorType?: string | undefined
  message?: string | undefined
  headers?: Readonly<Record<string, string>> | undefined
  retryAfter?: RetryAfter | undefined
  /** The whole body of the answer, in place of an error object. */
  body?: string | undefined
  /** Sends the HTML error page of a proxy in place of an error object. */
  html?: boolean | undefined
}

/**
 * When the client may try again. A string is sent unchanged as `retry-after`, a number of milliseconds as `retry-after-ms`. `dateInMs` is
 * sent as `retry-after` with an HTTP date, this number of milliseconds from now. Gemini's answers have the wait in the body, as
 * `RetryInfo.retryDelay`.
 */
export type RetryAfter = string | number | { dateInMs: number }

/** Errors that each vendor reports with its own status, code and message. */
export type VendorFault =
  /** The vendor is overloaded: 529 at Anthropic, 503 elsewhere. */
  | { type: 'overloaded'; retryAfter?: RetryAfter | undefined }
  /** The quota of requests per minute or per day is used up: 429. Gemini's error contains the id of that quota. */
  | {
      type: 'quota'
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
  | { type: 'tier-unavailable'; retryAfter?: RetryAfter | undefined }

type ConnectionFault =
  /**
   * The socket is reset (RST). `when` says at which time. `'connect'`: when a new connection is accepted; on an open connection, after the
   * request was read. `'before-headers'`, the default: after the request was read. `'after-headers'`: after the headers of the answer were
   * sent.
   */
  | { type: 'reset'; when?: 'connect' | 'before-headers' | 'after-headers' | undefined }
  /** A reused socket, which has served an earlier call, is reset when the request arrives. On a new socket, the call gets a good answer. */
  | { type: 'reset-reused' }
  /** The connection is closed cleanly (FIN): a new connection when it is accepted, an open connection after the request was read. */
  | { type: 'refuse' }

type WaitFault =
  /** The answer is delayed by `ms` milliseconds. Then the call gets the fault `then` or, without one, a good answer. */
  | { type: 'delay'; ms: number; then?: SimpleFault | undefined }
  /** The request is read and never answered. */
  | { type: 'hang' }

export type StreamFault =
  /**
   * The connection is closed after the first `afterEvents` events. With `inside`, in the middle of the next event. With `reset`, by RST
   * instead of FIN.
   */
  | {
      type: 'stream-cut'
      afterEvents: number
      inside?: boolean | undefined
      reset?: boolean | undefined
    }
  /**
   * After the first `afterEvents` events, nothing more is sent, but the connection stays open. With `inside`, this begins in the middle of
   * the next event.
   */
  | { type: 'stream-stall'; afterEvents: number; inside?: boolean | undefined }
  /** The body ends cleanly after the first `afterEvents` events, as if it were complete. */
  | { type: 'stream-end'; afterEvents: number }
  /** The event after the first `afterEvents` events contains malformed JSON. The events after it are good. */
  | { type: 'stream-garbage'; afterEvents: number }
  /**
   * After the first `afterEvents` events, the stream reports an error in the vendor's format, and ends. With `event`, the error in a chat
   * stream is named `event: error`. `httpStatus` replaces the status 200. `code` and `errorType` mean the same as in a `status` fault.
   */
  | {
      type: 'stream-error'
      afterEvents: number
      code?: string | undefined
      /** @default `server_error` at OpenAI, `api_error` at Anthropic, `INTERNAL` at Gemini */
      errorType?: string | undefined
      message?: string | undefined
      event?: boolean | undefined
      httpStatus?: number | undefined
    }
  /** The event with the index `event`, counted from 0, is sent twice. */
  | { type: 'stream-duplicate'; event: number }
  /** The answer is sent in packets of `bytes` bytes, one every `ms` milliseconds. */
  | { type: 'stream-drip'; ms: number; bytes: number }
  /**
   * `count` comments are sent before the first event: one every `everyMs` milliseconds, or all at once by default. A JSON answer gets blank
   * lines instead of comments.
   */
  | { type: 'stream-comments'; count: number; everyMs?: number | undefined }
  /** The first event is sent `ms` milliseconds after the headers. */
  | { type: 'stream-slow-first'; ms: number }

export type AnswerFault =
  /** A good answer as JSON, although the request wants a stream. */
  | { type: 'json-for-stream' }
  /** An error object with status 200. `code` and `errorType` mean the same as in a `status` fault. */
  | {
      type: 'error-200'
      code?: string | undefined
      errorType?: string | undefined
      message?: string | undefined
    }
  | { type: 'html-200' }
  | { type: 'empty-body' }
  /** The first half of a JSON answer. Its `content-length` matches the half. */
  | { type: 'broken-json' }
  /** A good answer with an additional field, which makes it at least `bytes` bytes long. In a stream, the first event has this field. */
  | { type: 'huge-body'; bytes: number }
  | { type: 'wrong-content-type'; contentType?: string | undefined }
  /** A short answer with the finish reason of a content filter: `content_filter` at OpenAI, `refusal` at Anthropic, `SAFETY` at Gemini. */
  | { type: 'content-filter' }
  /** A short answer with the finish reason of a token limit: `length` at OpenAI, `max_tokens` at Anthropic, `MAX_TOKENS` at Gemini. */
  | { type: 'length' }
  /**
   * An answer that ends after `pieces` pieces of text, by default half of them. `reason` is sent verbatim as the vendor's finish reason.
   */
  | { type: 'finish'; reason: string; pieces?: number | undefined }
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

export type FormatFault =
  /** A good answer that is compressed, by default with gzip. */
  | { type: 'gzip'; encoding?: 'gzip' | 'br' | 'deflate' | 'zstd' | undefined }
  /** A good answer in packets of `bytes` bytes. A packet may end inside a character or a line end. With `crlf`, lines end in \r\n. */
  | { type: 'split'; bytes: number; crlf?: boolean | undefined }
  /** A good stream whose lines end in \r\n. */
  | { type: 'crlf' }
  /** A good stream without its last event `[DONE]`. Only chat streams have this event. */
  | { type: 'no-done' }

export type PlayFault =
  /** A stream of the given events. `events` lists the data of each event, which is sent verbatim. */
  | {
      type: 'play'
      events: readonly string[]
      /**
       * Whether each event is named after the `type` in its data, as in Responses streams. @default true for requests to Anthropic's API
       */
      named?: boolean | undefined
      /** Whether the stream ends with `[DONE]`. @default true for requests to OpenAI's API, unless `named` is true */
      done?: boolean | undefined
      status?: number | undefined
      headers?: Readonly<Record<string, string>> | undefined
      /** A fault that occurs while this stream is written. */
      then?: StreamFault | FormatFault | undefined
    }
  /** A body sent verbatim, by default as application/json. */
  | {
      type: 'play-json'
      body: string
      status?: number | undefined
      headers?: Readonly<Record<string, string>> | undefined
      then?: StreamFault | FormatFault | undefined
    }

/** An answer sent exactly as given. It has only the headers that are set here, and those that HTTP requires. */
export interface RawFault {
  type: 'raw'
  /** The HTTP status. @default 200 */
  status?: number | undefined
  /** The headers. An array sends its header once per element. Without a `content-type` here, the answer has none. */
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

export type FaultType = Fault['type']

/** The fault with a given `type`. */
export type FaultOf<Type extends FaultType> = Extract<Fault, { type: Type }>
