import {
  DuplicateIdError,
  FingerprintMismatchError,
  JournalLockedError,
  UnreadableFileError,
  UnusableJournalError,
} from '@harbor/batch'
import { BatchStateError, BatchStateLockedError } from '@harbor/batch/openai'
import { OptionError } from '../base/errors.ts'
import { InputChangedError } from './input/input-file.ts'
import { EXIT, type ExitCode, UsageError } from './options.ts'

/** Why a run ended early, described for the user. */
export interface RunFailure {
  readonly code: ExitCode
  readonly message: string
  /** How the user can continue the run. @default the same command with --resume */
  readonly remedy?: string
}

/**
 * The error for a run that ended at a bad line, because of `--stop-on-bad-line`. The line has been reported already.
 */
export class StoppedByBadLine extends Error {
  override readonly name = 'StoppedByBadLine'
}

/**
 * The error for a file of the run that can no longer be written, for example because the disk is full. `cause` is the
 * error of the file system.
 */
export class UnwritableFileError extends Error {
  override readonly name = 'UnwritableFileError'
  readonly remedy: string

  /** @param lost a sentence that is added to the message, about answers that could not be stored */
  constructor(path: string, cause: NodeJS.ErrnoException, lost = '') {
    const code = String(cause.code)
    super(`cannot write ${path}: ${WRITE_PROBLEMS[code] ?? code}.${lost}`, { cause })
    this.remedy =
      code === 'ENOSPC' || code === 'EDQUOT'
        ? 'when there is space again, the same command with --resume continues'
        : 'when it can be written again, the same command with --resume continues'
  }
}

const WRITE_PROBLEMS: Partial<Record<string, string>> = {
  ENOSPC: 'there is no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it is as large as a file may be',
  EROFS: 'its file system is read-only',
  EACCES: 'this process is not permitted to write it',
  EPERM: 'this process is not permitted to write it',
  EIO: 'the disk reported an error',
}

/** Whether an error comes from the file system. */
export function isFileSystemError(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = Object(error) as NodeJS.ErrnoException
  return typeof code === 'string' && typeof syscall === 'string'
}

/** The errors whose own message says what happened and what to do. */
const SELF_EXPLANATORY = [
  DuplicateIdError,
  JournalLockedError,
  UnreadableFileError,
  UnusableJournalError,
  BatchStateError,
  BatchStateLockedError,
  OptionError,
]

/** Describes an error for the user: the exit code, a one-line message, and how to continue. */
export function failureOf(error: unknown): RunFailure {
  if (error instanceof InputChangedError)
    return { code: EXIT.unusable.code, message: error.message, remedy: RESTORED }
  if (error instanceof UnwritableFileError)
    return { code: EXIT.unusable.code, message: error.message, remedy: error.remedy }
  if (error instanceof StoppedByBadLine) return { code: EXIT.someFailed.code, message: '', remedy: CORRECTED }
  if (error instanceof Error && codeOf(error) === 'spend_limit') return spendFailureOf(error.message)
  return { code: EXIT.unusable.code, message: oneLine(messageOf(error)) }
}

/**
 * Describes an error of the spend limit: either the limit was reached, or the price of a model is unknown. A call with
 * an unknown price is rejected, since its cost cannot be counted.
 */
function spendFailureOf(message: string): RunFailure {
  const unpriced = /\bprice of (\S+) is unknown/.exec(message)?.[1]
  if (unpriced === undefined) {
    return {
      code: EXIT.moneySpent.code,
      message: `the spend limit was reached. ${oneLine(message)}`,
      remedy: 'the same command with --resume and a higher --spend-limit continues',
    }
  }
  return {
    code: EXIT.unusable.code,
    message:
      `--spend-limit needs the price of every model, and that of ${unpriced} is unknown. Give it with --price and --model, for instance ` +
      '--price in=2.5,out=10 (US dollars for a million tokens), or leave --spend-limit out.',
    remedy: 'the same command with --resume and --price continues',
  }
}

/** The codes of errors of `@harbor/bullmq` whose own message says what happened and what to do. */
const FLEET_ERRORS: ReadonlySet<unknown> = new Set(['queue_in_use', 'queue_unavailable'])

function codeOf(error: Error): unknown {
  return (error as { code?: unknown }).code
}

const RESTORED =
  'once the file is as it was, the same command with --resume continues; for its new content, choose another --out'
const CORRECTED = 'once that line is corrected, the same command with --resume continues'

function messageOf(error: unknown): string {
  if (FingerprintMismatchError.is(error)) {
    return (
      `${error.path} was made from other requests, or with another --model, --system, --max-tokens, --url or --via. ` +
      'Continue with the same ones, or choose another --out.'
    )
  }
  if (error instanceof UsageError || SELF_EXPLANATORY.some((known) => known.is(error)))
    return (error as Error).message
  if (!(error instanceof Error)) return String(error)
  if (FLEET_ERRORS.has(codeOf(error))) return error.message
  if (isFileSystemError(error)) return `cannot ${error.syscall} ${error.path ?? 'a file'}: ${error.code}.`
  return `${error.name}: ${error.message}`
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
