import type { BulkArguments } from '../arguments.ts'
import type { RunFailure } from '../failure.ts'

/** How a run ended. The last line of its output is made from these facts. */
export interface Ending {
  readonly failure: RunFailure | undefined
  /** Whether all answers were written and the file has its final name. */
  readonly isWhole: boolean
  /** Whether the file of a part of the answers, `<path>.part`, exists. */
  readonly isBegun: boolean
  /** The number of failed requests. */
  readonly failed: number
}

/**
 * Returns the last line that a run prints: where the answers are, and what to do if some are missing. Undefined if
 * there is nothing to say.
 */
export function lastWord(
  { out, input }: Pick<BulkArguments, 'out' | 'input'>,
  { failure, isWhole, isBegun, failed }: Ending,
): string | undefined {
  if (out === undefined)
    return isWhole ? undefined : 'Not finished. Without a file for --out no answer is stored.'
  if (isWhole && !failure) {
    const again = failed === 0 ? '' : ` ${sentence(sameCommand(input))} sends the failed requests again.`
    return `The answers are in ${out}.${again}`
  }
  const soFar = isBegun ? ` (partly also in ${out}.part)` : ''
  const remedy = failure?.remedy ?? `${sameCommand(input)} continues`
  return `Not finished. The answers so far are stored in ${out}.journal${soFar}; ${remedy}.`
}

function sameCommand(input: string | undefined): string {
  return `the same command with --resume${input === undefined ? ' and the same input' : ''}`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
