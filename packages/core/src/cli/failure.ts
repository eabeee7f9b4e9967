import {
  DuplicateIdError,
  FingerprintMismatchError,
  JournalLockedError,
  UnreadableFileError,
  UnusableJournalError,
} from '@harbor/batch'
import { BatchStateError, BatchStateLockedError } from '@harbor/batch/openai'
import { APIError } from 'openai'
import { OptionError } from '../base/errors.ts'
import { InputChangedError } from './input-file.ts'
import { EXIT, type ExitCode } from './options.ts'
import { UsageError } from './usage-error.ts'

/** Why a run ended, for its user. */
export interface RunFailure {
  readonly code: ExitCode
  readonly message: string
  /** What to do to go on. @default the same command with --resume */
  readonly remedy?: string
}

/** A bad line, with --stop-on-bad-line. It has been reported. */
export class StoppedByBadLine extends Error {
  override readonly name = 'StoppedByBadLine'
}

/** Errors whose message says what happened and what to do. */
const SPEAKING = [
  DuplicateIdError,
  JournalLockedError,
  UnreadableFileError,
  UnusableJournalError,
  BatchStateError,
  BatchStateLockedError,
  OptionError,
]

/** What an error means for the exit code, and in one line. */
export function failureOf(error: unknown): RunFailure {
  if (error instanceof InputChangedError)
    return { code: EXIT.unusable.code, message: error.message, remedy: RESTORED }
  if (error instanceof StoppedByBadLine) return { code: EXIT.someFailed.code, message: '', remedy: MENDED }
  if (error instanceof APIError && error.code === 'spend_limit') return spendFailureOf(error.message)
  return { code: EXIT.unusable.code, message: oneLine(messageOf(error)) }
}

/** A call whose price is unknown is refused as well, since it cannot be counted: then the limit was not reached. */
function spendFailureOf(message: string): RunFailure {
  const unpriced = /\bprice of (\S+) is unknown/.exec(message)?.[1]
  if (unpriced === undefined) {
    return {
      code: EXIT.moneySpent.code,
      message: `the spend limit was reached. ${oneLine(message)}`,
      remedy: 'the same command with --resume and a higher --spend-limit goes on',
    }
  }
  return {
    code: EXIT.unusable.code,
    message:
      `--spend-limit needs the price of every model, and that of ${unpriced} is unknown. Give it with --price and --model, for instance ` +
      '--price in=2.5,out=10 (US dollars for a million tokens), or leave --spend-limit out.',
    remedy: 'the same command with --resume and --price goes on',
  }
}

const RESTORED =
  'once the file is as it was, the same command with --resume goes on; for what it holds now, choose another --out'
const MENDED = 'once that line is mended, the same command with --resume goes on'

function messageOf(error: unknown): string {
  if (FingerprintMismatchError.is(error)) {
    return (
      `${error.path} was made from other requests, or with another --model, --system, --max-tokens, --url or --via. ` +
      'Go on with the same, or choose another --out.'
    )
  }
  if (error instanceof UsageError || SPEAKING.some((known) => known.is(error)))
    return (error as Error).message
  if (!(error instanceof Error)) return String(error)
  const { code, path, syscall } = error as NodeJS.ErrnoException
  if (code !== undefined && syscall !== undefined) return `cannot ${syscall} ${path ?? 'a file'}: ${code}.`
  return `${error.name}: ${error.message}`
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ')
}
