import type { Latency } from '../latency.ts'

/** How responses with `background: true` run. Random times are drawn once per response. */
export interface BackgroundScript {
  /** The time that a response is `queued`, in milliseconds: a number, or random times (see `Latency`). @default 0 */
  queuedMs?: Latency | undefined
  /**
   * The time that a response is `in_progress`, in milliseconds. Its events are spread evenly over this time. @default that of a stream with the same
   * events, by `firstTokenMs` and `tokenMs`
   */
  runMs?: Latency | undefined
  /** The time after its creation in which a response can be streamed again, in milliseconds. After that, streaming it gets a 400. @default 300_000 */
  streamableMs?: number | undefined
}
