const CODE = 'unreadable_file'

/** A file could not be opened or read. `cause` is the error of the file system. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError'
  readonly code = CODE
  readonly path: string

  constructor(path: string, cause: unknown) {
    const reason = (cause as { code?: unknown } | null)?.code
    super(`cannot read ${path}: ${(typeof reason === 'string' && IN_WORDS[reason]) || String(reason)}`, {
      cause,
    })
    this.path = path
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is UnreadableFileError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}

const IN_WORDS: Partial<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is not a directory',
  EISDIR: 'it is a directory, not a file',
  EACCES: 'this process is not permitted to read it',
  EPERM: 'this process is not permitted to read it',
  EMFILE: 'this process has too many open files',
  ERR_INVALID_ARG_VALUE: 'that is not a path',
}
