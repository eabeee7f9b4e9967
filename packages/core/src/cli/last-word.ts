import type { BulkArguments } from './arguments.ts'
import type { RunFailure } from './failure.ts'

/** How a run ended, as far as its user must know what to do next. */
export interface Ending {
  readonly failure: RunFailure | undefined
  /** All answers are where they belong. */
  readonly isWhole: boolean
  /** The partial file exists. */
  readonly isBegun: boolean
  /** Requests that failed. */
  readonly failed: number
}

/** The last line of a run: where the answers are, and what to do about those that are missing. */
export function lastWord(
  { out, input }: Pick<BulkArguments, 'out' | 'input'>,
  { failure, isWhole, isBegun, failed }: Ending,
): string | undefined {
  if (out === undefined)
    return isWhole ? undefined : 'Not finished. Without a file for --out no answer is kept.'
  if (isWhole && !failure) {
    const again = failed === 0 ? '' : ` ${sentence(sameCommand(input))} asks again what failed.`
    return `The answers are in ${out}.${again}`
  }
  const soFar = isBegun ? ` (so far: ${out}.part)` : ''
  const remedy = failure?.remedy ?? `${sameCommand(input)} goes on`
  return `Not finished. What is answered is kept in ${out}.journal${soFar}; ${remedy}.`
}

function sameCommand(input: string | undefined): string {
  return `the same command with --resume${input === undefined ? ' and the same input' : ''}`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
