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

  constructor(
    path: string,
    holder: { pid?: number | undefined; host?: string | undefined; is: 'this' | 'here' | 'elsewhere' },
  ) {
    const who = {
      this: 'this process',
      here: `process ${holder.pid}`,
      // Whether it is alive cannot be seen from here.
      elsewhere: `process ${holder.pid} on ${holder.host}, or in another container`,
    }
    const what = {
      this: 'Close the journal, or end the run that has it, first.',
      here: 'Wait until it has ended, or give each process a journal of its own.',
      elsewhere: `If that is gone for good, delete ${path}.lock.`,
    }
    super(`${path} is in use by ${who[holder.is]}. ${what[holder.is]}`)
    this.path = path
    this.pid = holder.pid
    this.host = holder.host
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is JournalLockedError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
