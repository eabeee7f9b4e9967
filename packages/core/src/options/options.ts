import type { Pool, PoolOptions } from '@harbor/pool'
import type { RetryOptions } from '@harbor/retry'
import type { ClientOptions } from 'openai'
import type { Receipt } from '../receipt.ts'

/**
 * Everything the SDK's client accepts, and Harbor's own sections, each of which may be `false` to switch it off.
 *
 * Two of the SDK's options mean more here. `timeout` is the total of a call, over all attempts and waits; of a
 * stream, until its first content. `maxRetries: n` means n + 1 attempts, and is the same setting as
 * `retry.maxAttempts`.
 */
export interface HarborOptions extends ClientOptions {
  /** When and how often a failed attempt is repeated. `false`: never. */
  retry?: RetrySettings | false | undefined
  /** The clocks inside the total. `false`: only the total counts. */
  timeouts?: TimeoutSettings | false | undefined
  /**
   * The connections: options for a pool of this client's own, or a pool to share, which this client does not
   * close. Not together with `fetch`, which replaces the pool.
   */
  pool?: PoolOptions | Pool | undefined
}

/** The options of `@harbor/retry`, less those that the pipeline itself gives. */
export type RetrySettings = Omit<
  RetryOptions,
  'deadlineMs' | 'attemptTimeoutMs' | 'signal' | 'clock' | 'classify' | 'shouldRetryResult'
>

/** Three clocks beside the total, which is the SDK's own `timeout`. */
export interface TimeoutSettings {
  /**
   * How long one attempt may take, in milliseconds: for JSON until its body is read, for a stream until its first
   * content. An attempt that is cut off may have been carried out, so it is repeated at most once.
   * @default what is left of the total
   */
  attemptMs?: number | undefined
  /** How long a stream may take to its first content after its headers, in milliseconds. @default 300_000 */
  firstTokenMs?: number | undefined
  /**
   * How long a stream may pause between two contents, in milliseconds. Only waiting readers count, and comments
   * and pings are no content. @default 120_000
   */
  idleMs?: number | undefined
}

/** What may be asked for with one call, through `perCall`. */
export interface PerCallOptions {
  /** Replaces the client's clocks for this call, one by one. */
  timeouts?: TimeoutSettings | undefined
  /**
   * Gets the receipt when the call is over (of a stream, when the stream ended): the way to it where a helper
   * hides the response. What it throws changes nothing.
   */
  onReceipt?: ((receipt: Receipt) => void) | undefined
}
