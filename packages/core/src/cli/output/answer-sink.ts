/** Where a run writes its answers. */
export interface AnswerSink {
  /** Whether anything was written. */
  readonly isBegun: boolean
  /** Writes one answer. @param line the answer, with its line feed */
  write(line: string): Promise<void>
  /** Completes the output after all answers were written. */
  finish(): Promise<void>
  /** Closes the output of a run that ends before all answers were written. */
  leave(): Promise<void>
}
