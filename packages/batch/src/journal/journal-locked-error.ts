import { inUse, type LockHolder } from './lock-holder.ts'

const CODE = 'journal_locked'

/** Somebody has this journal open: two writers would spoil it. Nothing was changed. */
export class JournalLockedError extends Error {
  override readonly name = 'JournalLockedError'
  readonly code = CODE
  /** The path of the journal. */
  readonly path: string
  /** Who has it, as far as its lock says. */
  readonly pid: number | undefined
  readonly host: string | undefined

  constructor(path: string, holder: LockHolder) {
    super(inUse(path, 'journal', holder))
    this.path = path
    this.pid = holder.pid
    this.host = holder.host
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is JournalLockedError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
