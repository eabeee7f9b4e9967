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
  StatusFault | ConnectionFault | WaitFault | StreamFault | AnswerFault | FormatFault | PlayFault | RawFault

/** An error answer in OpenAI's shape, or in any other. */
export interface StatusFault {
  type: 'status'
  status: number
  /** The error's `code`. @default what OpenAI sends with this status */
  code?: string | undefined
  /** The error's `type`. @default what OpenAI sends with this status */
  errorType?: string | undefined
  message?: string | undefined
  headers?: Readonly<Record<string, string>> | undefined
  /** A string is sent unchanged as `retry-after`, a number as `retry-after-ms`, `dateInMs` as an HTTP date this far from now. */
  retryAfter?: string | number | { dateInMs: number } | undefined
  /** The whole body, in place of an error object. */
  body?: string | undefined
  /** Sends the HTML error page of a proxy in place of an error object. */
  html?: boolean | undefined
}

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
   * After the events, an error event and the end; with `event`, named `event: error`. `httpStatus` replaces the status
   * 200.
   */
  | {
      type: 'stream-error'
      afterEvents: number
      code?: string | undefined
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
  /** Status 200 with an error object. */
  | { type: 'error-200'; code?: string | undefined; message?: string | undefined }
  | { type: 'html-200' }
  | { type: 'empty-body' }
  /** A truncated JSON answer with a matching content-length. */
  | { type: 'broken-json' }
  /** A good answer with a useless field that makes it at least `bytes` long (in a stream, in its first event). */
  | { type: 'huge-body'; bytes: number }
  | { type: 'wrong-content-type'; contentType?: string | undefined }
  /** A short answer with `finish_reason: content_filter`. */
  | { type: 'content-filter' }
  /** A short answer with `finish_reason: length`. */
  | { type: 'length' }

export type FormatFault =
  /** A good answer, compressed. */
  | { type: 'gzip'; encoding?: 'gzip' | 'br' | 'deflate' | 'zstd' | undefined }
  /** A good answer in packets of `bytes` bytes, which splits characters and line ends; with `crlf` lines end in \r\n. */
  | { type: 'split'; bytes: number; crlf?: boolean | undefined }
  /** A good stream whose lines end in \r\n. */
  | { type: 'crlf' }
  /** A good stream without `[DONE]`. */
  | { type: 'no-done' }

export type PlayFault =
  /** A stream sent verbatim: `events` is the data of each event. */
  | {
      type: 'play'
      events: readonly string[]
      /** Sends the `type` of the data as the event's name, as Responses streams do. @default false */
      named?: boolean | undefined
      /** Whether the stream ends with `[DONE]`. @default not `named` */
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
