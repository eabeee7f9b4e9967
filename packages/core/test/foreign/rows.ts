import { answers } from './answers.ts'
import { errors } from './errors.ts'
import { charsets, finishReasons, framings, labels, otherBodies } from './framings.ts'
import { noAnswers } from './no-answers.ts'
import type { ForeignRow } from './row.ts'
import { reportedErrors } from './reported-errors.ts'

/** Every odd answer that is known. A new one is a new row in the file of its theme. */
export const ROWS: readonly ForeignRow[] = [
  ...answers,
  ...noAnswers,
  ...errors,
  ...reportedErrors,
  ...framings,
  ...labels,
  ...charsets,
  ...otherBodies,
  ...finishReasons,
]
