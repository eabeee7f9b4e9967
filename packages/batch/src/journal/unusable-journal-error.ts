const CODE = 'unusable_journal'

/** A journal cannot be opened, or is none. Nothing was changed. `cause` is the error of the file system, if it had one. */
export class UnusableJournalError extends Error {
  override readonly name = 'UnusableJournalError'
  readonly code = CODE
  readonly path: string
  readonly reason: 'file-system' | 'not-a-journal' | 'other-version' | 'damaged' | 'changed'
  /** The number of the line that is damaged, counted from 1. */
  readonly line: number | undefined

  constructor(
    path: string,
    reason: UnusableJournalError['reason'],
    { line, cause }: { line?: number; cause?: unknown } = {},
  ) {
    super(`cannot use ${path} as a journal: ${inWords(reason, line, cause)}`, { cause })
    this.path = path
    this.reason = reason
    this.line = line
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is UnusableJournalError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}

function inWords(reason: UnusableJournalError['reason'], line: number | undefined, cause: unknown): string {
  switch (reason) {
    case 'not-a-journal':
      return 'it does not begin as one, and is left as it is. Choose a path where there is nothing yet.'
    case 'other-version':
      return 'it was written by another version of this package. Finish the run with that one, or start a new journal.'
    case 'damaged':
      return `line ${line} is no record. Take that line out if you can do without its result, which is then called again.`
    case 'changed':
      return 'somebody else has changed it while it was open.'
    case 'file-system': {
      const code = (cause as { code?: unknown } | null)?.code
      return (typeof code === 'string' && FILE_SYSTEM[code]) || String(code)
    }
  }
}

const FILE_SYSTEM: Partial<Record<string, string>> = {
  ENOENT: 'the folder that it should be in does not exist',
  ENOTDIR: 'a part of its path is not a directory',
  EISDIR: 'it is a directory, not a file',
  EACCES: 'this process is not permitted to read and write it',
  EPERM: 'this process is not permitted to read and write it',
  EROFS: 'its file system can only be read',
  EMFILE: 'this process has too many open files',
  ENAMETOOLONG:
    'its name, or that of the lock beside it, is longer than the file system allows: choose a shorter one',
  ENOSPC: 'there is no space left for its lock',
}
