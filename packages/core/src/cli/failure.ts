import {
  DuplicateIdError,
  FingerprintMismatchError,
  JournalLockedError,
  UnreadableFileError,
  UnusableJournalError,
} from '@harbor/batch'
import { BatchStateError, BatchStateLockedError } from '@harbor/batch/openai'
import { APIError } from 'openai'
import { OptionError } from '../errors.ts'
import { EXIT, type ExitCode } from './options.ts'
import { UsageError } from './usage-error.ts'

/** Why a run ended, for its user. */
export interface RunFailure {
  readonly code: ExitCode
  readonly message: string
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
  if (error instanceof APIError && error.code === 'spend_limit')
    return { code: EXIT.moneySpent.code, message: `the spend limit was reached. ${oneLine(error.message)}` }
  return { code: EXIT.unusable.code, message: oneLine(messageOf(error)) }
}

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
