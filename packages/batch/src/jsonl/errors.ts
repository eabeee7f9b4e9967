import { hasCode } from '../errors.ts'

/** A line of a JSON Lines source could not be read. The error contains the position of the line and the reason, but none of its content. */
export class BadLineError extends Error {
  override readonly name = 'BadLineError'
  /** Always `bad_line`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'bad_line'
  /** The number of the line, counted from 1; blank lines count. */
  readonly line: number
  /** Where the line begins, in bytes from the beginning of the source. */
  readonly byteOffset: number
  /** What is wrong with the line: it is not JSON, not valid UTF-8, or longer than `maxLineBytes`. */
  readonly reason: 'not-json' | 'not-utf8' | 'too-long'

  constructor(line: number, byteOffset: number, reason: BadLineError['reason'], maxLineBytes: number) {
    const what = {
      'not-json': 'is not valid JSON',
      'not-utf8': 'is not valid UTF-8',
      'too-long': `is longer than ${maxLineBytes} bytes (maxLineBytes)`,
    }
    super(`line ${line} (at byte ${byteOffset}) ${what[reason]}`)
    this.line = line
    this.byteOffset = byteOffset
    this.reason = reason
  }

  /** Whether an error is a BadLineError, including one from another copy of this package. */
  static is(error: unknown): error is BadLineError {
    return hasCode(error, 'bad_line')
  }
}

/** A file could not be opened or read. `cause` is the error of the file system. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError'
  /** Always `unreadable_file`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = 'unreadable_file'
  /** The path of the file, as it was passed. */
  readonly path: string

  constructor(path: string, cause: unknown) {
    const reason = (cause as { code?: unknown } | null)?.code
    super(`cannot read ${path}: ${(typeof reason === 'string' && IN_WORDS[reason]) || String(reason)}`, {
      cause,
    })
    this.path = path
  }

  /** Whether an error is an UnreadableFileError, including one from another copy of this package. */
  static is(error: unknown): error is UnreadableFileError {
    return hasCode(error, 'unreadable_file')
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
