/**
 * The timeouts for parts of a call, in milliseconds above 0 and up to 2^31 - 1, or `Infinity` for none. The total time of a call is the option
 * `timeout`.
 */
export interface TimeoutSettings {
  /**
   * The maximum time of one attempt, in milliseconds: until the body of a JSON answer is read, or until the first content of a stream. Beware: the
   * provider may have processed and billed an attempt that timed out, so it is retried at most once.
   * @default the time left of the option `timeout`, or half of that while another target can take over
   */
  attemptMs?: number | undefined
  /**
   * The maximum time from the headers of a stream to its first content, in milliseconds. After that, the attempt fails, and a retry or another target
   * may follow. Lifecycle events, comments and empty items are not content. @default 300_000 while another target can take over, otherwise the time
   * left of the option `timeout`
   */
  firstTokenMs?: number | undefined
  /**
   * The maximum time between two pieces of content in a stream, in milliseconds. After that, the stream fails without a retry, because the caller
   * already has a part of it. Comments and pings are not content. Time during which the caller does not read the stream does not count.
   * @default 120_000
   */
  idleMs?: number | undefined
}
