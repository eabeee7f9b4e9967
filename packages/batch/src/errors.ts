/** Whether an error has this code. Compares codes, not classes: two copies of this package may be installed. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code
}

/** A queue was full, so an item or a request was rejected instead of queued. The item was not passed to the function, or the request not sent. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError'
  /** Always `queue_full`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'queue_full'
  /** The number of items, or requests, in the queue. */
  readonly queuedItems: number
  /** The total bytes of the queued items, as `sizeOf` returned them; 0 if sizes are not known. */
  readonly queuedBytes: number

  constructor(queuedItems: number, queuedBytes: number) {
    super(
      `the queue is full: ${queuedItems} items of ${queuedBytes} bytes are waiting. ` +
        "Add more slowly, raise maxQueueItems or maxQueueBytes, or let adds wait with whenFull: 'wait'.",
    )
    this.queuedItems = queuedItems
    this.queuedBytes = queuedBytes
  }

  /** Whether an error is a QueueFullError, including one from another copy of this package. */
  static is(error: unknown): error is QueueFullError {
    return hasCode(error, 'queue_full')
  }
}

/** One item or request is larger than a limit allows, so waiting would not help. The item or request was not sent. */
export class RequestTooLargeError extends Error {
  override readonly name = 'RequestTooLargeError'
  /** Always `request_too_large`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'request_too_large'
  /** The name of the option that sets this limit, such as `maxBatchBytes`. */
  readonly limitName: string
  /** The value of that limit, in bytes or tokens. */
  readonly limit: number
  /** The size of the item or request, in the unit of the limit. */
  readonly size: number

  constructor(limitName: string, limit: number, size: number) {
    super(
      `too large: its size is ${size}, but ${limitName} allows ${limit}. Split it, or raise ${limitName}.`,
    )
    this.limitName = limitName
    this.limit = limit
    this.size = size
  }

  /** Whether an error is a RequestTooLargeError, including one from another copy of this package. */
  static is(error: unknown): error is RequestTooLargeError {
    return hasCode(error, 'request_too_large')
  }
}
