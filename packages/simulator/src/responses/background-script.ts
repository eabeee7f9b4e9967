import type { Latency } from '../latency.ts'
import type { CompletionWindow } from './completion-window.ts'

/** How responses with `background: true` run. Random times are drawn once per response. */
export interface BackgroundScript {
  /** The time that a response is `queued`, in milliseconds: a number, or random times (see `Latency`). @default 0 */
  queuedMs?: Latency | undefined
  /**
   * The time that a response is `in_progress`, in milliseconds: a number, or random times (see `Latency`). Its events are spread evenly over this time. @default that of a stream with the same
   * events, by `firstTokenMs` and `tokenMs`
   */
  runMs?: Latency | undefined
  /** The time after its creation in which a response can be streamed again, in milliseconds. After that, streaming it gets a 400. @default 300_000 */
  streamableMs?: number | undefined
  /** How responses with the completion window `2h` or `8h` run. @default as those without a window: `queuedMs` and `runMs` */
  windows?: { [Window in CompletionWindow]?: WindowScript | undefined } | undefined
}

/** How responses with one completion window run, in place of `queuedMs` and `runMs` for all responses. */
export interface WindowScript {
  /** The time that a response is `queued`, in milliseconds: a number, or random times (see `Latency`). @default that of all responses */
  queuedMs?: Latency | undefined
  /** The time that a response is `in_progress`, in milliseconds: a number, or random times (see `Latency`). @default that of all responses */
  runMs?: Latency | undefined
  /** The responses that end after their window. @default none */
  late?: LateResponses | undefined
  /** The fraction of the responses that end as `failed`, with the error `server_error`, from 0 to 1. @default 0 */
  failedShare?: number | undefined
}

/** Which responses end after their completion window, and how late. */
export interface LateResponses {
  /** The fraction of the responses that end late, from 0 to 1. */
  share: number
  /** The time from the end of the window to the end of the response, in milliseconds: a number, or random times (see `Latency`). */
  byMs: Latency
}
