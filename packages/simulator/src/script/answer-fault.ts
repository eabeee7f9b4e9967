import type { FormatFault, StreamFault } from './stream-fault.ts'

/** A fault of the answer itself, which arrives whole and on time. */
export type AnswerFault =
  | {
      /** Selects this fault: a good answer as JSON, although the request wants a stream. */
      type: 'json-for-stream'
    }
  | {
      /** Selects this fault: an error object with status 200. `code` and `errorType` mean the same as in a `status` fault. */
      type: 'error-200'
      /** The error code, as in a `status` fault. @default what the vendor sends */
      code?: string | undefined
      /** The error type, as in a `status` fault. @default what the vendor sends */
      errorType?: string | undefined
      /** The message of the error. @default what the vendor sends */
      message?: string | undefined
    }
  | {
      /** Selects this fault: an HTML page with status 200, as a proxy sends it. */
      type: 'html-200'
    }
  | {
      /** Selects this fault: an answer with status 200 and an empty body. */
      type: 'empty-body'
    }
  | {
      /** Selects this fault: the first half of a JSON answer. Its `content-length` matches the half. */
      type: 'broken-json'
    }
  | {
      /**
       * Selects this fault: a good answer with an additional field, which makes it at least `bytes` bytes long. In a stream, the first event has this
       * field.
       */
      type: 'huge-body'
      /** The minimum size of the answer, in bytes, up to 256 MiB. */
      bytes: number
    }
  | {
      /** Selects this fault: a good answer with a wrong `content-type`. */
      type: 'wrong-content-type'
      /** The content type that is sent. @default 'text/plain; charset=utf-8' */
      contentType?: string | undefined
    }
  | {
      /**
       * Selects this fault: the answer stops after half of its text, as at a content filter. Its finish reason is `content_filter` at OpenAI, `refusal`
       * at Anthropic, `SAFETY` at Gemini.
       */
      type: 'content-filter'
    }
  | {
      /**
       * Selects this fault: the answer stops after half of its text, as at a token limit. Its finish reason is `length` at OpenAI
       * (`max_output_tokens` in the Responses API), `max_tokens` at Anthropic, `MAX_TOKENS` at Gemini.
       */
      type: 'length'
    }
  | {
      /**
       * Selects this fault: an answer that ends after `pieces` pieces of text (simulated tokens), by default half of them. `reason` is sent verbatim
       * as the vendor's finish reason.
       */
      type: 'finish'
      /** The finish reason, sent verbatim. */
      reason: string
      /** The number of pieces of text (simulated tokens) before the end. @default half of them */
      pieces?: number | undefined
    }
  | {
      /**
       * Selects this fault: the model refuses after `pieces` pieces of text (simulated tokens). The answer has a `refusal` at OpenAI, the stop reason
       * `refusal` at Anthropic, and the finish reason `PROHIBITED_CONTENT` at Gemini.
       */
      type: 'refusal'
      /** The number of pieces of text (simulated tokens) before the refusal. @default 0 */
      pieces?: number | undefined
      /** The category of the refusal in Anthropic's `stop_details`. @default 'cyber' */
      category?: string | undefined
    }
  | {
      /**
       * Selects this fault: the prompt is blocked before the model runs: 400 at OpenAI and Azure, a refusal without content at Anthropic,
       * `promptFeedback` at Gemini.
       */
      type: 'blocked-prompt'
      /** The `blockReason` at Gemini. @default 'PROHIBITED_CONTENT' */
      reason?: string | undefined
    }
  | {
      /**
       * Selects this fault: an answer with all of its content, but without any sign that it is complete. A stream ends cleanly without the vendor's
       * last events; a JSON answer has no finish reason.
       */
      type: 'no-end'
    }

/** An answer that you write yourself, for example from a recording. */
export type PlayFault =
  | {
      /** Selects this fault: a stream of the given events. `events` lists the data of each event, which is sent verbatim. */
      type: 'play'
      /** The data of each event. It is sent verbatim, and is neither parsed nor checked. */
      events: readonly string[]
      /**
       * Whether each event has a line `event:` with the `type` in its data, as in Responses streams. @default true for requests to Anthropic's API
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
  | {
      /** Selects this fault: a body sent verbatim, by default as application/json. */
      type: 'play-json'
      /** The body. It is sent verbatim, and is neither parsed nor checked. */
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
