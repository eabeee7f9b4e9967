import { hasCode } from '../base/has-code.ts'

const CODE = 'recording_lag'

/** This reader of a shared stream fell so far behind the others that what it had to read next was let go. */
export class RecordingLagError extends Error {
  override readonly name = 'RecordingLagError'
  readonly code = CODE
  /** How far readers may be apart, in bytes. */
  readonly maxRecordBytes: number

  constructor(maxRecordBytes: number) {
    super(
      `this reader is more than ${maxRecordBytes} bytes behind the foremost one; read faster, or raise maxRecordBytes`,
    )
    this.maxRecordBytes = maxRecordBytes
  }

  /** Whether it is this error, also one of another copy of this package. */
  static is(error: unknown): error is RecordingLagError {
    return hasCode(error, CODE)
  }
}
