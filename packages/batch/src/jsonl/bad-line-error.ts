const CODE = 'bad_line'

/** A line of a JSON Lines source could not be read. It says where and why, and repeats nothing of its content. */
export class BadLineError extends Error {
  override readonly name = 'BadLineError'
  readonly code = CODE
  /** The number of the line, counted from 1; blank lines count. */
  readonly line: number
  /** Where the line begins, in bytes from the beginning of the source. */
  readonly byteOffset: number
  /** What is wrong with it. */
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

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is BadLineError {
    return error instanceof Error && (error as { code?: unknown }).code === CODE
  }
}
