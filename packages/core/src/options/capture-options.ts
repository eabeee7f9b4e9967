import * as is from '../base/check.ts'
import { OptionError } from '../base/errors.ts'
import type { CapturedCall } from '../reporting/captured-call.ts'

/** The option `captureContent`: what receives the content of calls. */
export interface CaptureContentOptions {
  /**
   * Receives each call with the content of its request and answer, after the call has ended; for a stream, after the stream. If it throws,
   * rejects, or takes longer than 10 seconds, a warning says so, and no call changes. At most 16 calls are passed to it at the same time, and
   * 1,000 more can wait. Further calls are discarded, counted in `stats().captures`, and a warning says so.
   */
  to: (call: CapturedCall) => unknown
  /**
   * Changes a call before it is passed to `to`, such as to remove personal data. If it throws, or returns no call, nothing is passed on.
   * @default none
   */
  redact?: ((call: CapturedCall) => CapturedCall) | undefined
  /**
   * The maximum size of a captured request, and of a captured answer, in bytes. A longer one is cut off, and `truncated` is true. @default 262_144
   * (256 KiB)
   */
  maxBytes?: number | undefined
}

/** The option `captureContent` with its defaults. */
export interface CaptureRules {
  readonly to: (call: CapturedCall) => unknown
  readonly redact: ((call: CapturedCall) => CapturedCall) | undefined
  readonly maxBytes: number
}

const DEFAULT_MAX_BYTES = 256 * 1024

const CHECKS = {
  to: is.aFunction,
  redact: is.aFunction,
  maxBytes: is.aByteCount,
} as const satisfies Record<keyof CaptureContentOptions, is.Check>

/** Checks the option, and fills in its defaults. @returns undefined if it is off */
export function captureRulesOf(options: CaptureContentOptions | false | undefined): CaptureRules | undefined {
  if (!options) return undefined
  is.checkOptions(options, CHECKS, 'captureContent.')
  const { to, redact, maxBytes = DEFAULT_MAX_BYTES } = options
  if ((to as unknown) === undefined)
    throw new OptionError('captureContent.to', 'captureContent.to is missing: it must be a function.')
  return { to, redact, maxBytes }
}
