/**
 * What can go wrong with one call. Plain data, so that scripts can be files; `type` tells them apart.
 *
 * `afterEvents` counts the server-sent events written before the fault; 0 means none. An answer that was not asked to be
 * streamed is one event long, so every `stream-` fault works on it too.
 */
export type Fault = SimpleFault | SequenceFault

/** One fault per matching call, in order; after the last one the rule's calls are answered well. */
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
  /** A string is sent as `retry-after` as it is, a number as `retry-after-ms`, `dateInMs` as an HTTP date so far from now. */
  retryAfter?: string | number | { dateInMs: number } | undefined
  /** The whole body, instead of an error object. */
  body?: string | undefined
  /** Send the error page of a proxy instead of an error object. */
  html?: boolean | undefined
}

type ConnectionFault =
  /** The socket is reset (RST): as soon as it is accepted (or, kept alive, used), after the request was read, or after the answer's headers. */
  | { type: 'reset'; when?: 'connect' | 'before-headers' | 'after-headers' | undefined }
  /** A socket that has served a call before is reset when the next request arrives on it; a new one gets a good answer. */
  | { type: 'reset-reused' }
  /** The connection is closed at once, in good order (FIN). */
  | { type: 'refuse' }

type WaitFault =
  /** Headers come `ms` later; then the other fault, or a good answer. */
  | { type: 'delay'; ms: number; then?: SimpleFault | undefined }
  /** The request is read and never answered. */
  | { type: 'hang' }

export type StreamFault =
  /** The connection closes; with `inside`, in the middle of the next event; with `reset`, by RST. */
  | {
      type: 'stream-cut'
      afterEvents: number
      inside?: boolean | undefined
      reset?: boolean | undefined
    }
  /** Silence on an open connection; with `inside`, in the middle of the next event. */
  | { type: 'stream-stall'; afterEvents: number; inside?: boolean | undefined }
  /** The body ends in good order, too early. */
  | { type: 'stream-end'; afterEvents: number }
  /** The next event carries malformed JSON; the others follow. */
  | { type: 'stream-garbage'; afterEvents: number }
  /** An error in band, then the end. `event`: named `event: error`. `httpStatus` is the status of the answer itself (200). */
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
  /** `bytes` bytes every `ms` milliseconds. */
  | { type: 'stream-drip'; ms: number; bytes: number }
  /** `count` comments (blank lines in JSON), one every `everyMs` (0), before the first event. */
  | { type: 'stream-comments'; count: number; everyMs?: number | undefined }
  /** The first event comes `ms` after the headers. */
  | { type: 'stream-slow-first'; ms: number }

export type AnswerFault =
  /** A good JSON answer, though a stream was asked for. */
  | { type: 'json-for-stream' }
  /** Status 200 with an error object. */
  | { type: 'error-200'; code?: string | undefined; message?: string | undefined }
  | { type: 'html-200' }
  | { type: 'empty-body' }
  /** A JSON answer that breaks off, with a content-length that agrees. */
  | { type: 'broken-json' }
  /** A good answer blown up to at least `bytes` by a useless field (of the first event, in a stream). */
  | { type: 'huge-body'; bytes: number }
  | { type: 'wrong-content-type'; contentType?: string | undefined }
  /** A short answer with `finish_reason: content_filter`. */
  | { type: 'content-filter' }
  /** A short answer with `finish_reason: length`. */
  | { type: 'length' }

export type FormatFault =
  /** A good answer, compressed. */
  | { type: 'gzip'; encoding?: 'gzip' | 'br' | 'deflate' | 'zstd' | undefined }
  /** A good answer in packets of `bytes` bytes, which cuts characters and line ends in two; with `crlf` lines end in \r\n. */
  | { type: 'split'; bytes: number; crlf?: boolean | undefined }
  /** A good stream whose lines end in \r\n. */
  | { type: 'crlf' }
  /** A good stream without `[DONE]`. */
  | { type: 'no-done' }

export type PlayFault =
  /** A stream played verbatim: `events` holds the data of each event. */
  | {
      type: 'play'
      events: readonly string[]
      /** Write the data's `type` as the event's name, as Responses streams do. @default false */
      named?: boolean | undefined
      /** End with `[DONE]`. @default not `named` */
      done?: boolean | undefined
      status?: number | undefined
      headers?: Readonly<Record<string, string>> | undefined
      /** What goes wrong with the played stream. */
      then?: StreamFault | FormatFault | undefined
    }
  /** A body played verbatim, as application/json unless `headers` say otherwise. */
  | {
      type: 'play-json'
      body: string
      status?: number | undefined
      headers?: Readonly<Record<string, string>> | undefined
      then?: StreamFault | FormatFault | undefined
    }

/** An answer written exactly as given. Beside its own headers it has only those that HTTP needs. */
export interface RawFault {
  type: 'raw'
  /** @default 200 */
  status?: number | undefined
  /** A list sends one header several times. Without a `content-type` the answer has none. */
  headers?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** The body; of several pieces, each is sent in a packet of its own. @default no body */
  body?: string | readonly string[] | undefined
  /** How `body` spells its bytes. @default 'utf8' */
  encoding?: 'utf8' | 'base64' | undefined
  /** What follows the last piece: the end of the body, or a connection that is closed, reset or silent. @default 'end' */
  ending?: 'end' | 'close' | 'reset' | 'stall' | undefined
}

export type FaultType = Fault['type']

/** The fault of one type. */
export type FaultOf<Type extends FaultType> = Extract<Fault, { type: Type }>
