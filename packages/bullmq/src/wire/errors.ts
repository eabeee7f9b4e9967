/** The code of an error, whatever it is. */
function codeOf(error: unknown): unknown {
  return error instanceof Error ? (error as { code?: unknown }).code : undefined
}

/** An item or its result is too large to go over Redis. */
export class PayloadTooLargeError extends Error {
  override readonly name = 'PayloadTooLargeError'
  /** Always `payload_too_large`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'payload_too_large'
  /** What is too large. */
  readonly what: 'item' | 'result'
  /** The maximum length as JSON, in characters. */
  readonly limit: number
  /** The length as JSON, in characters. */
  readonly length: number

  constructor(what: 'item' | 'result', limit: number, length: number) {
    super(
      `the ${what} is ${length} characters long as JSON, and at most ${limit} go over Redis. ` +
        'Pass a reference instead, such as the address of a file.',
    )
    this.what = what
    this.limit = limit
    this.length = length
  }

  /** Whether an error is a PayloadTooLargeError, including one from another copy of this package. */
  static is(error: unknown): error is PayloadTooLargeError {
    return codeOf(error) === 'payload_too_large'
  }
}

/** Another coordinator uses the queue for another run. */
export class QueueInUseError extends Error {
  override readonly name = 'QueueInUseError'
  /** Always `queue_in_use`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'queue_in_use'
  /** The name of the queue. */
  readonly queue: string

  constructor(queue: string) {
    super(
      `the queue ${queue} is used by another run. Wait until it has ended, or use another queue, which needs workers of its own.`,
    )
    this.queue = queue
  }

  /** Whether an error is a QueueInUseError, including one from another copy of this package. */
  static is(error: unknown): error is QueueInUseError {
    return codeOf(error) === 'queue_in_use'
  }
}

/** Redis could not be reached when the run began. Nothing was sent. */
export class QueueUnavailableError extends Error {
  override readonly name = 'QueueUnavailableError'
  /** Always `queue_unavailable`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'queue_unavailable'

  /** @param timeoutMs how long the run has waited for Redis */
  constructor(timeoutMs: number, cause: unknown) {
    super(
      `Redis does not answer: it was tried for ${timeoutMs / 1_000} s. Check the connection, then start the run again.`,
      { cause },
    )
  }

  /** Whether an error is a QueueUnavailableError, including one from another copy of this package. */
  static is(error: unknown): error is QueueUnavailableError {
    return codeOf(error) === 'queue_unavailable'
  }
}

/**
 * Workers died while they ran the item: once beside others, and then alone or nearly alone. The item is taken for the cause, and is not run again by
 * this run.
 */
export class CrashesWorkerError extends Error {
  override readonly name = 'CrashesWorkerError'
  /** Always `crashes_worker`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'crashes_worker'
  /** The number of workers that died with the item in flight. */
  readonly kills: number

  constructor(kills: number) {
    super(
      `${kills} workers died while they ran this item, the last one while it ran nothing else. Look at the item, and at the end of the workers' logs.`,
    )
    this.kills = kills
  }

  /** Whether an error is a CrashesWorkerError, including one from another copy of this package. */
  static is(error: unknown): error is CrashesWorkerError {
    return codeOf(error) === 'crashes_worker'
  }
}
