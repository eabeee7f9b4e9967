import type { Latency } from '../latency.ts'

/** How responses with `background: true` run. Times are drawn once per response. */
export interface BackgroundScript {
  /** Time in `queued`, in milliseconds. @default 0 */
  queuedMs?: Latency | undefined
  /** Time in `in_progress`, in milliseconds, over which the events occur evenly. @default the pace of a stream, by `firstTokenMs` and `tokenMs` */
  runMs?: Latency | undefined
  /** How long after its creation a response can be streamed again, in milliseconds. @default 300_000 */
  streamableMs?: number | undefined
}
