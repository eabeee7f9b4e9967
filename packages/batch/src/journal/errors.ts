import { hasCode } from '../errors.ts'
import { inUse, type LockHolder } from './lock-holder.ts'

/**
 * The journal was made with a fingerprint that differs from the one of this run, so its results do not belong to this run. A missing fingerprint
 * differs from any other. The function was not called, and the journal was not changed.
 */
export class FingerprintMismatchError extends Error {
  override readonly name = 'FingerprintMismatchError'
  /** Always `fingerprint_mismatch`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'fingerprint_mismatch'
  /** The path of the journal file, which was not changed. */
  readonly path: string
  /** The fingerprint with which the journal was made; undefined if it has none. */
  readonly journal: string | undefined
  /** The option `fingerprint` of this run; undefined if it has none. */
  readonly run: string | undefined

  constructor(path: string, journal: string | undefined, run: string | undefined) {
    super(
      `${path} was made with ${shortened(journal)}, and this run has ${shortened(run)}: its results belong to other requests. ` +
        'Use a new journal for what has changed, or continue with the function and options of the old one.',
    )
    this.path = path
    this.journal = journal
    this.run = run
  }

  /** Whether an error is a FingerprintMismatchError, including one from another copy of this package. */
  static is(error: unknown): error is FingerprintMismatchError {
    return hasCode(error, 'fingerprint_mismatch')
  }
}

/** Returns only the first characters of a fingerprint: some callers use a whole prompt as the fingerprint. */
function shortened(fingerprint: string | undefined): string {
  if (fingerprint === undefined) return 'no fingerprint'
  return `fingerprint ${JSON.stringify(fingerprint.length > 16 ? `${fingerprint.slice(0, 16)}…` : fingerprint)}`
}

/** The journal is already in use, in this process or another. It was not changed, since two writers would corrupt it. */
export class JournalLockedError extends Error {
  override readonly name = 'JournalLockedError'
  /** Always `journal_locked`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'journal_locked'
  /** The path of the journal file, with no symbolic link in it. */
  readonly path: string
  /** The id of the process that holds the lock; undefined if the lock file does not name it. */
  readonly pid: number | undefined
  /** The host name of the machine on which that process runs; undefined if the lock file does not name it. */
  readonly host: string | undefined

  constructor(path: string, holder: LockHolder) {
    super(inUse(path, 'journal', holder))
    this.path = path
    this.pid = holder.pid
    this.host = holder.host
  }

  /** Whether an error is a JournalLockedError, including one from another copy of this package. */
  static is(error: unknown): error is JournalLockedError {
    return hasCode(error, 'journal_locked')
  }
}

/**
 * A journal file cannot be opened or read, or is not a valid journal. Opening such a file does not change its contents. `cause` is the error of the
 * file system, if there was one.
 */
export class UnusableJournalError extends Error {
  override readonly name = 'UnusableJournalError'
  /** Always `unusable_journal`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'unusable_journal'
  /** The path of the journal file that cannot be used. */
  readonly path: string
  /**
   * What is wrong with the file:
   * - `file-system`: it cannot be opened or read; see `cause`
   * - `not-a-journal`: it is another kind of file
   * - `other-version`: it has the format of another version of this package
   * - `damaged`: a line of it cannot be read
   * - `changed`: another program changed it while it was open
   */
  readonly reason: 'file-system' | 'not-a-journal' | 'other-version' | 'damaged' | 'changed'
  /** The number of the damaged line, counted from 1; undefined unless `reason` is `damaged`. */
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

  /** Whether an error is an UnusableJournalError, including one from another copy of this package. */
  static is(error: unknown): error is UnusableJournalError {
    return hasCode(error, 'unusable_journal')
  }
}

function inWords(reason: UnusableJournalError['reason'], line: number | undefined, cause: unknown): string {
  switch (reason) {
    case 'not-a-journal':
      return 'it does not begin as one, and is left as it is. Choose a path where there is nothing yet.'
    case 'other-version':
      return 'it was written by another version of this package. Finish the run with that one, or start a new journal.'
    case 'damaged':
      return `line ${line} is not a valid record. Remove that line to continue without its result; the item is then called again.`
    case 'changed':
      return 'another program has changed it while it was open.'
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

/**
 * A result cannot be stored in the journal, or would not be the same when it is read again. The function was called, but the item has failed. To
 * prevent this, return a value that JSON can represent.
 */
export class UnwritableValueError extends Error {
  override readonly name = 'UnwritableValueError'
  /** Always `unwritable_value`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'unwritable_value'
  /** Where in the result the value is, such as `choices[0].created`; empty for the result itself. */
  readonly path: string
  /** A description of the value, such as `NaN`, `a bigint` or `an object that JSON would change (Date)`. */
  readonly found: string

  constructor(path: string, found: string) {
    super(
      `the journal cannot store ${found}${path === '' ? '' : ` (at ${path})`}: it would not be the same when read again. ` +
        'Return a value that JSON can represent.',
    )
    this.path = path
    this.found = found
  }

  /** Whether an error is an UnwritableValueError, including one from another copy of this package. */
  static is(error: unknown): error is UnwritableValueError {
    return hasCode(error, 'unwritable_value')
  }
}
