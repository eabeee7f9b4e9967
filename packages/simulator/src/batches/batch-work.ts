import { nextTurn } from '../time/clock.ts'
import type { Answer } from '../answers/answer.ts'
import type { BatchLine } from './batch-input.ts'
import { answeredLine } from './result-line.ts'

/** The counts and tokens of all lines of a batch up to a given line. */
export interface Totals {
  completed: number
  failed: number
  input: number
  output: number
}

export interface WorkOptions {
  /** The id of the batch, with which the ids of its results begin. */
  id: string
  lines: readonly BatchLine[]
  answer: (line: BatchLine, index: number) => Answer
}

interface Result {
  text: string
  failed: boolean
  /** The totals of this line and all lines before it. */
  totals: Totals
}

const nothing: Totals = { completed: 0, failed: 0, input: 0, output: 0 }

// How many lines are answered per turn of the event loop: few, so that other calls do not wait.
const linesPerTurn = 25

/** Answers the lines of a batch in order, a few per turn of the event loop. */
export class BatchWork {
  readonly #options: WorkOptions
  #results: Result[] = []
  #stopped = false

  constructor(options: WorkOptions) {
    this.#options = options
  }

  start(): void {
    nextTurn(() => this.#step())
  }

  /** Stops answering lines, and drops all answers. */
  stop(): void {
    this.#stopped = true
    this.#results = []
  }

  /** How many lines have been answered. */
  get done(): number {
    return this.#results.length
  }

  totals(count: number): Totals {
    return this.#results[count - 1]?.totals ?? nothing
  }

  /** Returns the content of the output or error file for the first `count` lines. */
  text(kind: 'output' | 'error', count: number): string {
    return this.#results
      .slice(0, count)
      .map(({ text, failed }) => (failed === (kind === 'error') ? text : ''))
      .join('')
  }

  #step(): void {
    const { lines } = this.#options
    for (let turn = 0; turn < linesPerTurn && this.done < lines.length && !this.#stopped; turn++) this.#next()
    if (this.done < lines.length && !this.#stopped) this.start()
  }

  #next(): void {
    const { id, lines, answer } = this.#options
    const index = this.done
    const line = lines[index]
    if (line === undefined) return
    const { status, frames, usage } = answer(line, index)
    const failed = status >= 400
    const before = this.totals(index)
    this.#results.push({
      text: answeredLine(`${id}_${index + 1}`, line.customId, status, frames.join('')),
      failed,
      totals: {
        completed: before.completed + (failed ? 0 : 1),
        failed: before.failed + (failed ? 1 : 0),
        input: before.input + usage.input,
        output: before.output + usage.output,
      },
    })
  }
}
