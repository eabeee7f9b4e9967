const CODE = 'queue_full'

/** The queue had no room and `whenFull` is `'reject'`. The item was never given to the function. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError'
  readonly code = CODE
  /** What was waiting already. */
  readonly queuedItems: number
  readonly queuedBytes: number

  constructor(queuedItems: number, queuedBytes: number) {
    super(
      `the queue is full: ${queuedItems} items of ${queuedBytes} bytes are waiting. ` +
        "Add more slowly, raise maxQueueItems or maxQueueBytes, or let adds wait with whenFull: 'wait'.",
    )
    this.queuedItems = queuedItems
    this.queuedBytes = queuedBytes
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is QueueFullError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
