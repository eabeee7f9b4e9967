import type { Receipt } from './receipt.ts'

/** The content of one call, as the option `captureContent` passes it on. It contains no headers, no URL and no API key of the client. */
export interface CapturedCall {
  /** The receipt of the call, which has ended. */
  readonly receipt: Receipt
  /**
   * The body of the request, as the caller sent it: parsed JSON, or the text if it is not JSON or is truncated. Known credentials are replaced by
   * `[removed]`.
   */
  readonly request: unknown
  /**
   * The body of the answer that the caller got: parsed JSON, or the text of a stream's events. For a failed call, the body of the error.
   * Undefined if the caller got no answer, such as after an abort.
   */
  readonly answer: unknown
  /**
   * Whether a part of the request or the answer is missing: it is longer than `maxBytes`, or is not text, or too much content was held at
   * that time.
   */
  readonly truncated: boolean
}

/** What became of the calls that `captureContent` captured since the client was created. Each call counts in one of the numbers. */
export interface CaptureStats {
  /** The number of calls for which `to` has finished without an error. */
  readonly captured: number
  /** The number of calls for which `redact` or `to` failed, or `to` took longer than 10 seconds. */
  readonly failed: number
  /** The number of calls that were not passed on, because too many others waited, or the client was closed. */
  readonly discarded: number
  /** The number of calls that wait, or for which `to` has not finished. */
  readonly waiting: number
}
