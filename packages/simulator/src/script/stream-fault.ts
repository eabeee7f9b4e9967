/** A fault in the middle of an answer. `afterEvents` counts server-sent events; a JSON answer counts as one. */
export type StreamFault =
  | {
      /**
       * Selects this fault: the connection is closed after the first `afterEvents` events. With `inside`, in the middle of the next event. With
       * `reset`, by RST instead of FIN.
       */
      type: 'stream-cut'
      /** The number of events that are sent before the cut, at least 0. */
      afterEvents: number
      /** Whether the cut is in the middle of the next event. @default false */
      inside?: boolean | undefined
      /** Whether the connection ends by RST instead of FIN. @default false */
      reset?: boolean | undefined
    }
  | {
      /**
       * Selects this fault: after the first `afterEvents` events, nothing more is sent, but the connection stays open. With `inside`, this begins in
       * the middle of the next event.
       */
      type: 'stream-stall'
      /** The number of events that are sent before the stall, at least 0. */
      afterEvents: number
      /** Whether half of the event after them is sent before the stall; if false, none of it. @default false */
      inside?: boolean | undefined
    }
  | {
      /** Selects this fault: the body ends cleanly after the first `afterEvents` events, as if it were complete. */
      type: 'stream-end'
      /** The number of events that are sent, at least 0. */
      afterEvents: number
    }
  | {
      /** Selects this fault: the event after the first `afterEvents` events contains malformed JSON. The events after it are good. */
      type: 'stream-garbage'
      /** The number of good events before the malformed one, at least 0. */
      afterEvents: number
    }
  | {
      /**
       * Selects this fault: after the first `afterEvents` events, the stream reports an error in the vendor's format, and ends. With `event`, the
       * error in a chat stream is named `event: error`. `httpStatus` replaces the status 200. `code` and `errorType` mean the same as in a `status`
       * fault.
       */
      type: 'stream-error'
      /** The number of good events before the error, at least 0. */
      afterEvents: number
      /** The error code, as in a `status` fault. @default what the vendor sends */
      code?: string | undefined
      /** The error type, as in a `status` fault. @default `server_error` at OpenAI, `api_error` at Anthropic, `INTERNAL` at Gemini */
      errorType?: string | undefined
      /** The message of the error. @default what the vendor sends */
      message?: string | undefined
      /** Whether the error in a chat stream is named `event: error`. @default false */
      event?: boolean | undefined
      /** The HTTP status of the answer, from 200 to 599. @default 200 */
      httpStatus?: number | undefined
    }
  | {
      /** Selects this fault: the event with the index `event`, counted from 0, is sent twice. */
      type: 'stream-duplicate'
      /** The index of the event that is sent twice, from 0. */
      event: number
    }
  | {
      /** Selects this fault: the answer is sent in packets of `bytes` bytes, one every `ms` milliseconds. */
      type: 'stream-drip'
      /** The time between two packets, in milliseconds. */
      ms: number
      /** The size of a packet of the answer, in bytes, at least 1. */
      bytes: number
    }
  | {
      /**
       * Selects this fault: `count` comments are sent before the first event: one every `everyMs` milliseconds, or all at once by default. A JSON
       * answer gets blank lines instead of comments.
       */
      type: 'stream-comments'
      /** The number of comments before the first event. */
      count: number
      /** The time between two comments, in milliseconds. @default all at once */
      everyMs?: number | undefined
    }
  | {
      /** Selects this fault: the first event is sent `ms` milliseconds after the headers. */
      type: 'stream-slow-first'
      /** The time from the headers to the first event, in milliseconds. */
      ms: number
    }

/** A good answer in an unusual form. A client should read it like any other answer. */
export type FormatFault =
  | {
      /** Selects this fault: a good answer that is compressed, by default with gzip. */
      type: 'gzip'
      /** The encoding of the answer. @default 'gzip' */
      encoding?: 'gzip' | 'br' | 'deflate' | 'zstd' | undefined
    }
  | {
      /**
       * Selects this fault: a good answer in packets of `bytes` bytes. A packet may end inside a character or a line end. With `crlf`, lines end in
       * \r\n.
       */
      type: 'split'
      /** The size of a packet, in bytes, at least 1. */
      bytes: number
      /** Whether lines end in \r\n. @default false */
      crlf?: boolean | undefined
    }
  | {
      /** Selects this fault: a good stream whose lines end in \r\n. */
      type: 'crlf'
    }
  | {
      /** Selects this fault: a good stream without its last event `[DONE]`. Only chat streams have this event. */
      type: 'no-done'
    }
