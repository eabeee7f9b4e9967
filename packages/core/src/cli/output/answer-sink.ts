/** Where a run writes its answers. */
export interface AnswerSink {
  /** Whether anything was written. */
  readonly isBegun: boolean
  /** @param line one answer, with its line feed */
  write(line: string): Promise<void>
  /** Call it when all answers were written. */
  finish(): Promise<void>
  /** Call it when the run ends before all answers were written. */
  leave(): Promise<void>
}
