import { inUse, type LockHolder } from '../journal/lock-holder.ts'

const CODE = 'batch_state_locked'

/** A run has this state: two would submit the same requests, and both be paid for. Nothing was read or submitted. */
export class BatchStateLockedError extends Error {
  override readonly name = 'BatchStateLockedError'
  readonly code = CODE
  /** The path of the state; undefined for one in memory. */
  readonly path: string | undefined
  /** Who has it, as far as its lock says. */
  readonly pid: number | undefined
  readonly host: string | undefined

  constructor(path: string | undefined, holder: LockHolder) {
    super(inUse(path ?? 'the state', 'state', holder))
    this.path = path
    this.pid = holder.pid
    this.host = holder.host
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is BatchStateLockedError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
