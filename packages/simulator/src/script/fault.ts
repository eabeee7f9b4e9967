/**
 * The fault of one call. Plain data, so that a script can be a file; `type` is the discriminant.
 *
 * `afterEvents` is the number of server-sent events before the fault. An answer that is not a stream counts as one event, so
 * every `stream-` fault works on it too.
 */
export type Fault = SimpleFault | SequenceFault

/** One fault per matching call, in order; after the last one the calls get good answers. */
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

/** An error answer in the shape of the wire of the request, or in any other. */
export interface StatusFault {
  type: 'status'
  status: number
  /**
   * OpenAI's `code`, Anthropic's `error.details.error_code`, the `reason` of Gemini's `ErrorInfo`. @default what the
   * vendor sends with this status
   */
  code?: string | undefined
  /** OpenAI's and Anthropic's `type`, Gemini's `status`. @default what the vendor sends with this status */
  errorType?: string | undefined
  message?: string | undefined
  headers?: Readonly<Record<string, string>> | undefined
  retryAfter?: RetryAfter | undefined
  /** The whole body, in place of an error object. */
  body?: string | undefined
  /** Sends the HTML error page of a proxy in place of an error object. */
  html?: boolean | undefined
}

/**
 * When to try again. A string is sent unchanged as `retry-after`, a number as `retry-after-ms`, `dateInMs` as an HTTP date
 * this far from now. Gemini has no such header: it gets the wait as `RetryInfo.retryDelay`.
 */
export type RetryAfter = string | number | { dateInMs: number }

/** Errors that each vendor reports in its own way. */
export type VendorFault =
  /** The vendor is overloaded: 529 at Anthropic, 503 elsewhere. */
  | { type: 'overloaded'; retryAfter?: RetryAfter | undefined }
  /** A quota of requests is used up, per minute or per day: 429. At Gemini the id of the quota says which. */
  | {
      type: 'quota'
      per: 'minute' | 'day'
      /** @default what is left of a minute, 36 seconds; nothing for a day */
      retryAfter?: RetryAfter | undefined
      /** The number of requests allowed. @default 10 */
      limit?: number | undefined
    }
  /** The spend limit of the account is reached: 429, without a time to try again. */
  | {
      type: 'spend-limit'
      /** @default `enforced_spend_limit_reached` at Anthropic, `insufficient_quota` at OpenAI, none at Gemini */
      code?: string | undefined
    }
  /** The prompt is longer than the model's context: 400. */
  | { type: 'context-length' }
  /** The requested service tier has no capacity: 429 at OpenAI, 529 at Anthropic, 503 at Gemini. */
  | { type: 'tier-unavailable'; retryAfter?: RetryAfter | undefined }

type ConnectionFault =
  /** The socket is reset (RST): when it is accepted (or reused), after the request was read, or after the headers of the answer. */
  | { type: 'reset'; when?: 'connect' | 'before-headers' | 'after-headers' | undefined }
  /** A socket that has served a call before is reset when the next request arrives; a new socket gets a good answer. */
  | { type: 'reset-reused' }
  /** The connection is closed at once, cleanly (FIN). */
  | { type: 'refuse' }

type WaitFault =
  /** The headers come `ms` later; then comes the other fault, or a good answer. */
  | { type: 'delay'; ms: number; then?: SimpleFault | undefined }
  /** The request is read and never answered. */
  | { type: 'hang' }

export type StreamFault =
  /** After the events, the connection closes; with `inside`, in the middle of the next event; with `reset`, by RST. */
  | {
      type: 'stream-cut'
      afterEvents: number
      inside?: boolean | undefined
      reset?: boolean | undefined
    }
  /**
   * After the events, nothing more is sent on the open connection; with `inside`, from the middle of the next event.
   */
  | { type: 'stream-stall'; afterEvents: number; inside?: boolean | undefined }
  /** The body ends cleanly, but too early. */
  | { type: 'stream-end'; afterEvents: number }
  /** The next event contains malformed JSON; the others follow. */
  | { type: 'stream-garbage'; afterEvents: number }
  /**
   * After the events, the vendor's error in the stream, and the end; with `event`, an event of chat is named
   * `event: error`. `httpStatus` replaces the status 200. `code` and `errorType` are those of `status`.
   */
  | {
      type: 'stream-error'
      afterEvents: number
      code?: string | undefined
      /** @default `server_error`, `api_error`, `INTERNAL` */
      errorType?: string | undefined
      message?: string | undefined
      event?: boolean | undefined
      httpStatus?: number | undefined
    }
  /** Event number `event`, counted from 0, is sent twice. */
  | { type: 'stream-duplicate'; event: number }
  /** The answer is sent in packets of `bytes` bytes, one every `ms` milliseconds. */
  | { type: 'stream-drip'; ms: number; bytes: number }
  /**
   * Before the first event, `count` comments are sent (blank lines in JSON), one every `everyMs` milliseconds, by
   * default all at once.
   */
  | { type: 'stream-comments'; count: number; everyMs?: number | undefined }
  /** The first event comes `ms` after the headers. */
  | { type: 'stream-slow-first'; ms: number }

export type AnswerFault =
  /** A good JSON answer to a request for a stream. */
  | { type: 'json-for-stream' }
  /** Status 200 with an error object. `code` and `errorType` are those of `status`. */
  | {
      type: 'error-200'
      code?: string | undefined
      errorType?: string | undefined
      message?: string | undefined
    }
  | { type: 'html-200' }
  | { type: 'empty-body' }
  /** A truncated JSON answer with a matching content-length. */
  | { type: 'broken-json' }
  /** A good answer with a useless field that makes it at least `bytes` long (in a stream, in its first event). */
  | { type: 'huge-body'; bytes: number }
  | { type: 'wrong-content-type'; contentType?: string | undefined }
  /** A short answer that ends for the content filter: `content_filter`, `refusal`, `SAFETY`. */
  | { type: 'content-filter' }
  /** A short answer that ends for its length: `length`, `max_tokens`, `MAX_TOKENS`. */
  | { type: 'length' }
  /** An answer that ends with this reason, in the words of the vendor, after `pieces` pieces of text, by default half of them. */
  | { type: 'finish'; reason: string; pieces?: number | undefined }
  /**
   * The model refuses, after `pieces` pieces of text: OpenAI's `refusal`, Anthropic's stop reason with this category,
   * Gemini's `PROHIBITED_CONTENT`.
   */
  | {
      type: 'refusal'
      /** @default 0 */
      pieces?: number | undefined
      /** @default 'cyber' */
      category?: string | undefined
    }
  /**
   * The prompt is blocked before the model runs: 400 at OpenAI and Azure, a refusal without content at Anthropic,
   * `promptFeedback` with this reason at Gemini.
   */
  | {
      type: 'blocked-prompt'
      /** @default 'PROHIBITED_CONTENT' */
      reason?: string | undefined
    }
  /**
   * All of the content, and nothing that says that the answer has ended: a stream that ends cleanly without the
   * vendor's last events, JSON without a finish reason.
   */
  | { type: 'no-end' }

export type FormatFault =
  /** A good answer, compressed. */
  | { type: 'gzip'; encoding?: 'gzip' | 'br' | 'deflate' | 'zstd' | undefined }
  /** A good answer in packets of `bytes` bytes, which splits characters and line ends; with `crlf` lines end in \r\n. */
  | { type: 'split'; bytes: number; crlf?: boolean | undefined }
  /** A good stream whose lines end in \r\n. */
  | { type: 'crlf' }
  /** A good stream without `[DONE]`, which only chat streams have. */
  | { type: 'no-done' }

export type PlayFault =
  /** A stream sent verbatim: `events` is the data of each event. */
  | {
      type: 'play'
      events: readonly string[]
      /** Sends the `type` of the data as the event's name, as Responses streams do. @default true for Anthropic's */
      named?: boolean | undefined
      /** Whether the stream ends with `[DONE]`. @default whether it is one of OpenAI, and not `named` */
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

/** An answer sent exactly as given. Besides these headers it has only those that HTTP requires. */
export interface RawFault {
  type: 'raw'
  /** @default 200 */
  status?: number | undefined
  /** An array sends a header several times. Without `content-type` here the answer has none. */
  headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** The body. Each string of an array is sent in its own packet. @default no body */
  body?: string | readonly string[] | undefined
  /** The encoding of `body`. @default 'utf8' */
  encoding?: 'utf8' | 'base64' | undefined
  /** What follows the body: its end, or a connection that is closed, reset or silent. @default 'end' */
  ending?: 'end' | 'close' | 'reset' | 'stall' | undefined
}

export type FaultType = Fault['type']

/** The fault of one type. */
export type FaultOf<Type extends FaultType> = Extract<Fault, { type: Type }>
